/** `fallcast/testing` for who imports it; `upstream.js` is the thing itself, so that both have the same manners. */
import upstream from './upstream.js';

export const { Reply, answerTo, byModel, knownManner, manners, matchIdsOf, schemaOf, scoreOf, startUpstream, valueFor } = upstream;
