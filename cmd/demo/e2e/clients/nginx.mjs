// The nginx of testdata/deploy/nginx.conf before three nodes, and browsers before it.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Demo, Process } from './demo.mjs';
import { LIMIT } from './peer.mjs';
import { freePort } from './redis.mjs';
import { Visitor } from './visitor.mjs';
import { becomes, within } from './wait.mjs';

const NODES = ['one', 'two', 'three']; // as nginx.conf names them
const STARTED = /start worker process \d/;
const LEAVING = /gracefully shutting down/;
const conf = readFileSync(new URL('../../../../testdata/deploy/nginx.conf', import.meta.url), 'utf8');

export class Nginx extends Process {
  /** Starts nginx before these nodes, three things with a url. changes are further ones to the file, from text to text. */
  static async start(nodes, changes = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-nginx-'));
    const [port, plain] = [await freePort(), await freePort()];
    const [cert, key] = certificate(folder);
    writeFileSync(join(folder, 'nginx.conf'), changed({
      ...Object.fromEntries(nodes.map(({ url }, i) => [`10.0.0.${i + 1}:3000`, new URL(url).host])),
      '/etc/nginx/tls/fullchain.pem': cert,
      '/etc/nginx/tls/key.pem': key,
      '/var/log/nginx/access.log': join(folder, 'access.log'),
      'listen 80;': `listen 127.0.0.1:${plain};`,
      'listen 443 ': `listen 127.0.0.1:${port} `,
      'http {\n': `http {\n${temporary(folder)}`,
      ...changes,
    }));
    const root = process.getuid() === 0 ? 'user root;' : ''; // its workers write to the folder
    const globals = `daemon off; pid ${folder}/pid; error_log stderr notice; ${root}`;
    const env = { ...process.env, PATH: process.env.PATH + ':/usr/sbin' };
    const nginx = new Nginx('nginx', ['-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', globals], { env, last: 'SIGTERM' });
    Object.assign(nginx, { folder, url: `https://127.0.0.1:${port}`, plain: `http://127.0.0.1:${plain}`, ca: readFileSync(cert) });
    await nginx.#says(STARTED, 1);
    return nginx;
  }

  /** How often it is on stderr. */
  #count(pattern) {
    return this.stderr.split(pattern).length - 1;
  }

  /** Resolves when it is there so often. */
  async #says(pattern, count) {
    const early = this.ended.then(({ code, error }) => {
      throw new Error(error ? 'these tests need the program nginx: ' + error.message : `nginx ended with ${code}: ${this.stderr}`);
    });
    await Promise.race([early, becomes(LIMIT, () => this.#count(pattern) >= count, true)]);
  }

  /** Reads the configuration again, and resolves when all that is new goes to new workers. */
  async reload() {
    const old = this.#count(STARTED);
    this.signal('SIGHUP');
    await this.#says(LEAVING, old);
  }

  async end() {
    this.signal('SIGTERM');
    await within(5000, this.ended, 'the end of nginx');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What was asked of nginx at the path, each with its status and the addresses of the nodes that were asked. */
  log(path = '/socket.io/') {
    const lines = readFileSync(join(this.folder, 'access.log'), 'utf8').trim().split('\n');
    return lines.map((line) => /^(\S+) \[.*?\] (\S+) (\S+) (\d+) (.*)$/.exec(line).slice(1))
      .filter(([, , at]) => at === path)
      .map(([from, method, , status, nodes]) => ({ from, method, status: Number(status), nodes: nodes.split(', ') }));
  }

  /** A browser at this address of the loopback. */
  browser(t, address) {
    const agent = new Jar({ ca: this.ca, localAddress: address, keepAlive: true });
    t.after(() => agent.destroy());
    return new Browser(t, this.url, agent);
  }

  /** One that has opened the page. */
  async visit(t, address, user) {
    const browser = this.browser(t, address);
    await browser.request('GET', '/');
    if (user) await browser.login(user);
    return browser;
  }
}

/** Starts three nodes, each of which keeps its address over a restart. */
export async function startThree(redis, ...flags) {
  const start = (port = 0) => Demo.start('-addr', `127.0.0.1:${port}`, '-store', redis.url(), ...flags);
  const nodes = await Promise.all(NODES.map(() => start()));
  return Object.assign(nodes, {
    restart: async (index) => { nodes[index] = await start(new URL(nodes[index].url).port); },
    stop: () => Promise.all(nodes.map((node) => node.stop())),
  });
}

/** The file with all changes. Each must change something. */
function changed(changes) {
  return Object.entries(changes).reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`nginx.conf has no ${from}`);
    return all.replaceAll(from, to);
  }, conf);
}

/** Where nginx may write, whoever runs it. */
function temporary(folder) {
  const names = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return names.map((name) => `${name}_temp_path ${folder}/${name};\n`).join('');
}

/** A certificate for this machine, signed by itself. */
function certificate(folder) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', [...kind, '-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key],
    { stdio: 'pipe' });
  return [cert, key];
}

/** Keeps nginx's cookie for whoever uses it, as a browser does. */
export class Jar extends Agent {
  addRequest(req, options) {
    if (this.node && !this.forgets && req.path.startsWith('/socket.io/')) {
      req.setHeader('Cookie', [req.getHeader('Cookie'), 'node=' + this.node].filter(Boolean).join('; '));
    }
    req.once('response', ({ headers }) => {
      for (const line of headers['set-cookie'] ?? []) this.node = /^node=(\w+)/.exec(line)?.[1] ?? this.node;
    });
    super.addRequest(req, options);
  }
}

export class Browser extends Visitor {
  constructor(t, url, agent) {
    super(t, url);
    this.agent = agent;
  }

  /** Which of the nodes serves it. */
  get index() {
    return NODES.indexOf(this.agent.node);
  }

  async send(url, method, headers, body) {
    const form = body && { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = new Promise((resolve, reject) => {
      request(url, { method, headers: { ...form, ...headers }, agent: this.agent }, resolve).on('error', reject).end(body && String(body));
    });
    const response = await within(LIMIT, answer, `the answer to ${method} ${url}`);
    const all = new Headers();
    for (const [name, values] of Object.entries(response.headersDistinct)) for (const value of values) all.append(name, value);
    return { status: response.statusCode, headers: all, text: await text(response) };
  }

  open(way) {
    return super.open({ ...way, options: { agent: this.agent, ...way?.options } });
  }
}
