'use strict';

/** The two shapes in which requests come: that of `node:http`, and that of `fetch`. */

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
/** Nothing between here and the browser may keep the stream back or change it. */
const STREAM_HEADERS = {
  ...HEADERS,
  'cache-control': 'no-store, no-transform',
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
};
const NOT_FOUND = { status: 404, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"message":"not found"}' };
const BROKEN = { status: 500, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"message":"internal error"}' };

/** The path below `basePath`, and the query; null if it is not below. */
function located(url, basePath) {
  let parsed;
  try {
    // A path that begins with two slashes names no host.
    parsed = new URL(url.startsWith('/') ? `http://localhost${url}` : url);
  } catch {
    return null;
  }
  const { pathname, searchParams } = parsed;
  if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) return null;
  return { path: pathname.slice(basePath.length) || '/', query: searchParams };
}

/** Answers a request of `node:http`, Express or Fastify; one that is for nobody here goes to `next`, if there is one. */
exports.answerNode = async function answerNode(answer, basePath, request, response, next) {
  // Where a framework has mounted the handler, it has taken the path's beginning away.
  const place = located(request.url, request.baseUrl && !request.url.startsWith(basePath) ? '' : basePath);
  let answered;
  try {
    answered = place && await answer({
      ...place,
      method: request.method,
      raw: request,
      host: request.headers.host,
      header: (name) => request.headers[name],
      body: (most) => nodeBody(request, most),
    });
  } catch {
    answered = BROKEN;
  }
  if (response.destroyed || response.headersSent) return;
  if (!answered && next) {
    next();
    return;
  }
  const { stream, lastEventId, status, headers, body } = answered ?? NOT_FOUND;
  if (stream) {
    response.writeHead(200, STREAM_HEADERS);
    stream.add(nodeSink(response), lastEventId);
    return;
  }
  // A body that nobody reads would have to be read before the connection is used again.
  if (!request.complete && request.method === 'POST') response.setHeader('connection', 'close');
  response.writeHead(status, { ...HEADERS, ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
};

/** The body of a request; null if it has more bytes. One that a framework has parsed is taken as it is. */
async function nodeBody(request, most) {
  if (request.body !== undefined && request.body !== null && request.readableEnded) {
    const text = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
    return Buffer.byteLength(text) > most ? null : text;
  }
  if (Number(request.headers['content-length']) > most) return null;
  const parts = [];
  let bytes = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    bytes += part.length;
    if (bytes > most) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function nodeSink(response) {
  return {
    write: (text) => response.write(text),
    unread: () => response.writableLength,
    end: () => response.end(),
    cut: () => response.destroy(),
    onEnd: (act) => response.once('close', act),
  };
}

/** Answers a `Request` with a `Response`. */
exports.answerFetch = async function answerFetch(answer, basePath, request) {
  const place = located(request.url, basePath);
  let answered;
  try {
    answered = place && await answer({
      ...place,
      method: request.method,
      raw: request,
      host: request.headers.get('host') ?? new URL(request.url).host,
      header: (name) => request.headers.get(name) ?? undefined,
      body: (most) => fetchBody(request, most),
    });
  } catch {
    answered = BROKEN;
  }
  const { stream, lastEventId, status, headers, body } = answered ?? NOT_FOUND;
  if (stream) return new Response(streamBody(stream, lastEventId, request.signal), { status: 200, headers: STREAM_HEADERS });
  return new Response(request.method === 'HEAD' ? null : body, { status, headers: { ...HEADERS, ...headers } });
};

async function fetchBody(request, most) {
  if (Number(request.headers.get('content-length')) > most) return null;
  const decoder = new TextDecoder();
  let [bytes, text] = [0, ''];
  for await (const part of request.body ?? []) {
    bytes += part.length;
    if (bytes > most) return null;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

function streamBody(stream, lastEventId, signal) {
  let [ended, unread] = [() => {}, 0];
  const encoder = new TextEncoder();
  const waiting = [];
  return new ReadableStream({
    start(controller) {
      if (signal?.aborted) {
        controller.error(signal.reason);
        return;
      }
      const sink = {
        write: (text) => {
          const part = encoder.encode(text);
          unread += part.length;
          waiting.push(part.length);
          controller.enqueue(part);
          return controller.desiredSize > 0;
        },
        unread: () => unread,
        end: () => controller.close(),
        cut: () => controller.error(new Error('the stream was not read')),
        onEnd: (act) => { ended = act; },
      };
      signal?.addEventListener('abort', () => {
        ended();
        controller.error(signal.reason);
      }, { once: true });
      stream.add(sink, lastEventId);
    },
    pull() {
      // Asked for only when all that was enqueued has been read.
      unread = 0;
      waiting.length = 0;
    },
    cancel() {
      ended();
    },
  });
}
