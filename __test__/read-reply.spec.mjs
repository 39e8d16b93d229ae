/** The reader alone. */
import { jsonrepair } from 'jsonrepair';
import { describe, expect, test } from 'vitest';

import { fallcast } from './support.mjs';

const { readReply } = fallcast;
const MATCHES = [
  { id: 'm1', homeTeam: 'Leeds United', awayTeam: 'Burnley' },
  { id: 'm2', homeTeam: 'Arsenal', awayTeam: 'Chelsea' },
];
const score = (matchId, homeScore, awayScore) => ({ matchId, homeScore, awayScore });
const BOTH = [score('m1', 2, 1), score('m2', 0, 0)];
const completion = (message, more = {}) => ({ id: 'x', object: 'chat.completion', choices: [{ index: 0, message, ...more }] });

describe('readReply', () => {
  test('reads a text', () => {
    expect(readReply('<think>Hm.</think>{"m1": "2-1", "m2": [0, 0]}', MATCHES))
      .toEqual({ predictions: BOTH, missingMatchIds: [], reasoning: 'Hm.', failure: null, message: null });
    expect(readReply('m1: 2-1\nm2: 0-0', MATCHES).predictions).toEqual(BOTH);
    expect(readReply('m1: Burnley 1-2 Leeds', MATCHES).predictions).toEqual([score('m1', 2, 1)]);
  });

  test('reads a chat completion', () => {
    const message = { role: 'assistant', content: '{"m1":"2-1","m2":"0-0"}', reasoning_content: 'Hm.', refusal: undefined };
    expect(readReply(completion(message), MATCHES)).toMatchObject({ predictions: BOTH, reasoning: 'Hm.', failure: null });
    const tool = { content: null, tool_calls: [{ function: { name: 'x', arguments: '{"m1":"2-1"}' } }] };
    expect(readReply(completion(tool), MATCHES)).toMatchObject({ predictions: [BOTH[0]], missingMatchIds: ['m2'] });
  });

  test('tells as what an attempt would fail', () => {
    const missingMatchIds = ['m1', 'm2'];
    for (const [reply, failure, message] of [
      ['Leeds win.', 'parse_error', /text without a valid score: Leeds win/],
      ['', 'empty_response', /without text/],
      [completion({ content: 'm1: 2' }, { finish_reason: 'length' }), 'truncated', /cut off/],
      [completion({ content: '' }, { finish_reason: 'content_filter' }), 'content_filtered', /filter/],
      [{ error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 'rate_limited', /slow down/],
      [{}, 'invalid_response', /JSON without choices/],
      ['x'.repeat(4 * 1024 * 1024), 'invalid_response', /4194304 bytes/],
    ]) {
      const read = readReply(reply, MATCHES);
      expect(read).toMatchObject({ predictions: [], missingMatchIds, failure });
      expect(read.message).toMatch(message);
      expect(read.message).not.toMatch(/HTTP/);
    }
  });

  test('needs no more of a match than its id, and no engine', () => {
    const ids = [{ id: 'm1' }, { id: 'm2', homeTeam: null }];
    expect(readReply('{"m1":"2-1","m2":"0-0"}', ids).predictions).toEqual(BOTH);
    expect(readReply('\ud800 {"m1":"2-1"}', [{ id: 'm1' }]).predictions).toEqual([BOTH[0]]);
  });

  test.each([
    [['x'], /matches: must be an array/],
    [['x', []], /matches: must hold 1 to 100 matches/],
    [['x', [{ id: '' }]], /matches\[0\]\.id: must/],
    [['x', [{ id: 'a' }, { id: 'a' }]], /matches\[1\]\.id: must differ/],
    [[5, MATCHES], /reply: must be a text or a chat completion/],
    [[null, MATCHES], /reply: must be/],
    [[[], MATCHES], /reply: must be/],
    [[{ choices: [() => {}] }, MATCHES], /reply\.choices\[0\]: must be plain data/],
  ])('refuses other arguments: %#', (args, message) => {
    expect(() => readReply(...args)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(message) }));
  });
});

describe('beside jsonrepair', () => {
  /** Replies that both read: one value, broken as models break it. */
  const wholes = [
    '{"m1": "2-1", "m2": "0-0"}',
    "{'m1': '2-1', 'm2': '0-0'}",
    '{m1: "2-1", m2: "0-0"}',
    '{"m1": "2-1", "m2": "0-0",}',
    '{"m1": "2-1" "m2": "0-0"}',
    '{“m1”: “2-1”, “m2”: “0-0”}',
    '{"m1": "2-1", /* even */ "m2": "0-0"} // done',
    '```json\n{"m1": "2-1", "m2": "0-0"}\n```',
    '{"predictions": [{"match_id": "m1", "home_score": 2, "away_score": 1}, {"match_id": "m2", "home_score": 0, "away_score": 0}]',
    '[{"match_id": "m1", "score": "2-1"}\n{"match_id": "m2", "score": "0-0"}]',
    '{"m1": {"home": 2, "away": 1, "live": True, "note": None}, "m2": [0, 0]}',
    '{\\"m1\\": \\"2-1\\", \\"m2\\": \\"0-0\\"}',
  ];

  test.each(wholes)('what it repairs is read as what it was: %s', (text) => {
    const repaired = readReply(jsonrepair(text), MATCHES);
    expect(repaired.predictions).toEqual(BOTH);
    expect(readReply(text, MATCHES)).toEqual(repaired);
  });

  test('of a cut text nothing else is read than of its repair, and never a number that was cut', () => {
    const text = JSON.stringify({ predictions: [
      { match_id: 'm1', home_score: 12, away_score: 10 }, { match_id: 'm2', home_score: 0, away_score: 11 },
    ] });
    const right = { m1: '12-10', m2: '0-11' };
    let wrongOfRepair = 0;
    for (let end = 1; end <= text.length; end += 1) {
      const cut = text.slice(0, end);
      for (const { matchId, homeScore, awayScore } of readReply(cut, MATCHES).predictions) {
        expect(`${homeScore}-${awayScore}`, cut).toBe(right[matchId]);
      }
      const { predictions } = JSON.parse(jsonrepair(cut));
      const isWrong = ({ match_id: id, home_score: home, away_score: away }) =>
        away !== undefined && away !== null && `${home}-${away}` !== right[id];
      wrongOfRepair += (predictions ?? []).filter((entry) => entry && isWrong(entry)).length;
    }
    expect(wrongOfRepair).toBeGreaterThan(0);
  });
});
