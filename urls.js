'use strict';

/** Where something may be sent that nobody else is to read. */

function isLoopback(hostname) {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return /(^|\.)localhost$/.test(name) || /^127\.\d+\.\d+\.\d+$/.test(name) || name === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(name);
}

/** What is wrong with a URL, which may hold a secret and is never shown; undefined if nothing is. `allow` names what allows plain http. */
exports.faultOfUrl = function faultOfUrl(text, allowsInsecureHttp, allow) {
  const none = 'must be a URL such as https://example.com/path';
  if (typeof text !== 'string') return none;
  let url;
  try {
    url = new URL(text);
  } catch {
    return none;
  }
  if (!/^https?:$/.test(url.protocol) || !/^https?:\/\/[^/]/i.test(text)) return 'must begin with https:// or http:// and a host';
  if (url.username || url.password) return 'must not contain a user or a password';
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowsInsecureHttp) return `must begin with https://, for the host is not loopback and ${allow} is off`;
  return undefined;
};
