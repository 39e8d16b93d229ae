'use strict';

/**
 * The streams of a page. All of them are told the same, so it is written once for all: the events of the last tenth of a
 * second, and what else has changed since it was last looked at, at least once a second. Nothing is looked at while there
 * is no stream.
 *
 * A message `snapshot` is a whole `Status`; `event` is an `EngineEvent` and has an id, `<engine>-<sequence>`; `change` is
 * laid over what the page has: of `models` those that changed, of `calls` and `events` those that are new, all else whole.
 */

const SOON_MS = 100;
const PACE_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** A client that leaves more than this unread is cut off; it comes back, and gets a snapshot. */
const MOST_UNREAD = 256 * 1024;
/** More events than this at once are not worth telling one by one. */
const MOST_EVENTS = 200;

const message = (name, data, id) => `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
const sequenceOf = (status) => status.events[0]?.sequence ?? 0;

/** The fields of a status that stand whole in a change. */
const wholeFields = ({ at, models, calls, events, ...fields }) => Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)]);

/** Whether the models of a status are those that were told, in whatever state. */
const hasModels = (told, { models }) => models.length === told.models.size && models.every(({ id }) => told.models.has(id));

exports.Streams = class Streams {
  #engine;
  #most;
  #clients = new Set();
  /** What every client has been told by now. */
  #told = null;
  #pending = [];
  #timers = [];
  #soon = null;
  #unsubscribe = () => {};

  constructor(engine, most) {
    this.#engine = engine;
    this.#most = most;
  }

  get isFull() {
    return this.#clients.size >= this.#most;
  }

  /** Begins to tell a client, from where it left off if that is known. */
  add(sink, lastEventId) {
    if (this.isFull) {
      sink.end();
      return;
    }
    const client = { sink, wasFull: false };
    sink.onEnd(() => this.#remove(client));
    const status = this.#engine.getStatus();
    this.#clients.add(client);
    if (this.#clients.size === 1) this.#begin(status);
    this.#write(client, `retry: 1000\n\n${this.#missed(status, lastEventId)}${this.#snapshot(status)}`);
  }

  close() {
    for (const { sink } of this.#clients) sink.end();
    this.#clients.clear();
    this.#stop();
  }

  #snapshot(status) {
    return message('snapshot', status, `${status.engineId}-${sequenceOf(status)}`);
  }

  /** The events after the one that a client had last; nothing if that is not known, or too long ago. */
  #missed(status, lastEventId) {
    const [, engine, number] = /^([0-9a-f]+)-(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    if (engine !== status.engineId) return '';
    const missed = status.events.filter(({ sequence }) => sequence > Number(number)).reverse();
    if (missed[0]?.sequence !== Number(number) + 1) return '';
    return this.#events(status.engineId, missed);
  }

  #events(engineId, events) {
    return events.map(({ dropped, ...event }) => message('event', event, `${engineId}-${event.sequence}`)).join('');
  }

  #begin(status) {
    this.#look(status);
    this.#listen();
    this.#timers = [setInterval(() => this.#flush(), PACE_MS), setInterval(() => this.#beat(), HEARTBEAT_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  #listen() {
    this.#unsubscribe();
    // All that is done while a prediction waits.
    this.#unsubscribe = this.#engine.onEvent((event) => {
      if (this.#pending.length <= MOST_EVENTS) this.#pending.push(event);
      this.#soon ??= setTimeout(() => this.#flush(), SOON_MS).unref();
    });
  }

  #stop() {
    for (const timer of [...this.#timers, this.#soon]) clearTimeout(timer);
    [this.#timers, this.#soon, this.#told, this.#pending] = [[], null, null, []];
    this.#unsubscribe();
    this.#unsubscribe = () => {};
  }

  #remove(client) {
    if (this.#clients.delete(client) && this.#clients.size === 0) this.#stop();
  }

  /** Notes what is told by this. */
  #look(status) {
    this.#told = {
      engineId: status.engineId,
      fields: new Map(wholeFields(status)),
      models: new Map(status.models.map((model) => [model.id, JSON.stringify(model)])),
      call: status.calls[0]?.callId,
    };
  }

  /** Tells all what has happened and changed since it was last done. */
  #flush() {
    clearTimeout(this.#soon);
    this.#soon = null;
    const [events, before] = [this.#pending, this.#told];
    this.#pending = [];
    const status = this.#engine.getStatus();
    this.#look(status);
    let text;
    if (status.engineId !== before.engineId || events.length > MOST_EVENTS || !hasModels(before, status)) {
      // Another engine has begun in its place, or other models, or there is more than is worth telling piece by piece.
      this.#listen();
      text = this.#snapshot(status);
    } else {
      text = this.#events(status.engineId, events) + this.#change(status, before);
    }
    if (text === '') return;
    for (const client of [...this.#clients]) this.#write(client, text);
  }

  #change(status, before) {
    const change = {};
    for (const [name, text] of this.#told.fields) if (before.fields.get(name) !== text) change[name] = status[name];
    const models = status.models.filter(({ id }) => before.models.get(id) !== this.#told.models.get(id));
    if (models.length > 0) change.models = models;
    const known = status.calls.findIndex(({ callId }) => callId === before.call);
    const calls = known < 0 ? status.calls : status.calls.slice(0, known);
    if (calls.length > 0) change.calls = calls;
    return Object.keys(change).length === 0 ? '' : message('change', { at: status.at, ...change });
  }

  /** Keeps connections open, and cuts off who has not read since the last time. */
  #beat() {
    for (const client of [...this.#clients]) {
      if (client.wasFull && client.sink.unread() > 0) this.#cut(client);
      else this.#write(client, ': still here\n\n');
    }
  }

  #write(client, text) {
    const { sink } = client;
    client.wasFull = !sink.write(text);
    if (sink.unread() > MOST_UNREAD + text.length) this.#cut(client);
  }

  #cut(client) {
    this.#remove(client);
    client.sink.cut();
  }
};
