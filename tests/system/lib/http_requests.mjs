// Requests that RFC 9112 or docs/protocol.md has an opinion on: what is sent, and which statuses may come, in order.
const close = 'Connection: close\r\n', host = 'Host: x\r\n';
export const get = (target, lines = '', version = '1.1') => `GET ${target} HTTP/${version}\r\n${host}${close}${lines}\r\n`;
const post = (lines, body = '', target = '/api/ingest/notes') => `POST ${target} HTTP/1.1\r\n${host}${close}${lines}\r\n${body}`;
const chunked = (body) => post('Transfer-Encoding: chunked\r\n', body);
const with_host = (value) => `GET /healthz HTTP/1.1\r\nHost: ${value}\r\n${close}\r\n`;
const line = (text) => get('/healthz', text);
const upgrade = (lines) => `GET /ws HTTP/1.1\r\n${host}Connection: Upgrade, close\r\nUpgrade: websocket\r\n${lines}\r\n`;
const record = '{"id":"1"}';
const many = 500;

const length = [
  ['Content-Length and Transfer-Encoding', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['Transfer-Encoding and Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'), 400],
  ['two differing Content-Lengths', post('Content-Length: 10\r\nContent-Length: 11\r\n', record), 400],
  ['a list of differing Content-Lengths', post('Content-Length: 10, 11\r\n', record), 400],
  ...['+10', '-10', '0xA', '1 0', '', '10;', '99999999999999999999999', '10\r\n 0'].map((n) =>
    [`Content-Length ${JSON.stringify(n)}`, post(`Content-Length: ${n}\r\n`, record), 400]),
  ['a Content-Length of 2^63', post('Content-Length: 9223372036854775808\r\n'), 413],
  ['a Content-Length over the bound, with Expect', post('Content-Length: 99999999999\r\nExpect: 100-continue\r\n'), 413],
  ['Expect: 100-continue', post('Content-Length: 10\r\nExpect: 100-continue\r\n', record), [100, 200]],
  ['two Transfer-Encodings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ...['gzip, chunked', 'identity', 'xchunked', '\x0bchunked', 'chunked, identity'].map((te) =>
    [`Transfer-Encoding ${JSON.stringify(te)}`, post(`Transfer-Encoding: ${te}\r\n`, '0\r\n\r\n'), 400]),
  ['a space before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
  ['chunks in HTTP/1.0', chunked('0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'), 400],
];

const chunks = [
  ['a chunk with an extension', chunked(`a;x="y"\r\n${record}\r\n0\r\n\r\n`), 200],
  ['a trailer', chunked(`a\r\n${record}\r\n0\r\nX: y\r\n\r\n`), 200],
  ['a chunk of 2^64 - 1', chunked('FFFFFFFFFFFFFFFF\r\n'), 413],
  ['a chunk beyond 2^64', chunked('FFFFFFFFFFFFFFFFF\r\n'), 400],
  ['a chunk of 2^63 - 1', chunked('7FFFFFFFFFFFFFFF\r\nabc'), 413],
  ['a negative chunk', chunked('-1\r\n'), 400],
  ['0x before a chunk size', chunked(`0xa\r\n${record}\r\n0\r\n\r\n`), 400],
  ['a chunk longer than its size', chunked(`a\r\n${record}XX0\r\n\r\n`), 400],
  ['a bare line feed in an extension', chunked(`a;x\n${record}\r\n0\r\n\r\n`), 400],
  ['an extension of 1 MiB', chunked(`a;${'x'.repeat(1 << 20)}\r\n${record}\r\n0\r\n\r\n`), 431],
  ['50,000 trailers', chunked(`a\r\n${record}\r\n0\r\n${'X: y\r\n'.repeat(50_000)}`), 431],
  ['a Content-Length as trailer', chunked(`a\r\n${record}\r\n0\r\nContent-Length: 5\r\n\r\n`), 400],
];

const lines = [
  ['a header of 64 KiB', line(`X: ${'a'.repeat(65_536)}\r\n`), 431],
  ['a target of 64 KiB', get(`/${'a'.repeat(65_536)}`), 431],
  ['10,000 header lines', line('a:b\r\n'.repeat(10_000)), 431],
  ['bare line feeds', 'GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n', 400],
  ['one bare line feed', get('/healthz').replace('Host: x\r\n', 'Host: x\n'), 400],
  ['a bare carriage return', line('X: a\rb\r\n'), 400],
  ['a folded line, which counts as a space', line('X: a\r\n b\r\n'), 200],
  ['a line without a colon', line('Xa\r\n'), 400],
  ['a line without a name', line(': a\r\n'), 400],
  ['NUL in a value', line('X: a\0b\r\n'), 400],
  ['NUL in a name', line('X\0: ab\r\n'), 400],
  ['a name beyond ASCII', line('é: x\r\n'), 400],
  ['a space before the method', ` ${get('/healthz')}`, 400],
  ['two spaces before the target', get('/healthz').replace('GET ', 'GET  '), 400],
  ['a space in the target', get('/customer/a b'), 400],
  ['no target', get(''), 400],
  ...['2.0', '1.2', '1.', '11.1', '9.9'].map((v) => [`HTTP/${v}`, get('/healthz', '', v), 400]),
  ['HTTP/1.0 without Host', 'GET /healthz HTTP/1.0\r\n\r\n', 200],
  ['HTTP/0.9', 'GET /healthz\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a TLS greeting', Buffer.from('1603010200010001fc0303', 'hex'), 400],
];

const hosts = [
  ['no Host', `GET /healthz HTTP/1.1\r\n${close}\r\n`, 400],
  ['two Hosts', line('Host: y\r\n'), 400],
  ...['a b', 'x/y', 'user@x', '[::1', 'x:y', '<script>', '127.0.0.1 evil.example'].map((h) => [`Host ${h}`, with_host(h), 400]),
  ['a Host of somebody else', with_host('evil.example'), 403],
  ['an absolute target', get('http://127.0.0.1/healthz'), 200],
  ['an absolute target of somebody else', get('http://evil.example/healthz'), 403],
  ['an absolute target with a user', get('http://user:word@127.0.0.1/healthz'), 400],
  ['an absolute target without a host', get('http:///healthz'), 400],
  ['a target of another scheme', get('ftp://127.0.0.1/healthz'), 400],
  ['CONNECT', `CONNECT x:443 HTTP/1.1\r\n${host}${close}\r\n`, 400],
];

const paths = [
  ...['/../../etc/passwd', '//etc/passwd', '/%', '/%4', '/%zz', '/customer/%00', '/customer/1/notes%00', '/customer/..',
    '/customer/%2e%2e', '/customer/%c0%af', '/customer/%c0%ae%c0%ae', '/healthz?a=%00', 'x', '*', '?'].map((p) => [p, get(p), 400]),
  ...['/ui/../../etc/passwd', '/ui/%2e%2e/%2e%2e/%2e%2e/etc/passwd', '/ui/..%2f..%2f..%2fetc%2fpasswd', '/ui/.%2e/.%2e/etc',
    '/ui/..\\..\\etc', '/ui/%5c..%5c..%5cetc', '/ui/%00', '/ui/index.html%00.js'].map((p) => [p, get(p), 404]),
];

const methods = [
  ['BREW', get('/healthz').replace('GET', 'BREW'), 405],
  ['get in small letters', get('/healthz').replace('GET', 'get'), 405],
  ['TRACE', get('/healthz').replace('GET', 'TRACE'), 405],
  ['a method of 5,000 letters', get('/healthz').replace('GET', 'A'.repeat(5000)), 405],
  ['a method that is no word', get('/healthz').replace('GET', 'G@T'), 400],
  [`${many} requests in one segment`, `GET /healthz HTTP/1.1\r\n${host}\r\n`.repeat(many) + get('/healthz'),
    Array(many + 1).fill(200)],
  ['a request behind a body', `POST /api/ingest/notes HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\n${record}` + get('/nowhere'),
    [200, 404]],
  ['a GET with a body', get('/healthz', 'Content-Length: 5\r\n') + 'hello', 200],
];

const upgrades = [
  ['WebSocket without upgrade', get('/ws'), 426],
  ['WebSocket by POST', post('Content-Length: 0\r\n', '', '/ws'), 405],
  ['WebSocket of version 8', upgrade('Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'), 426],
  ['WebSocket with a short key', upgrade('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n'), 400],
];

/** Groups of [what, bytes, status or statuses]. */
export const hostile_requests = { length, chunks, lines, hosts, paths, methods, upgrades };
