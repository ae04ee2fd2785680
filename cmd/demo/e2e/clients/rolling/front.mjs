// An nginx before three nodes, by a configuration that people use: what it says of machines is made to fit this one.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Process } from '../demo.mjs';
import { within } from '../wait.mjs';

export class Front extends Process {
  /** Starts one on these two ports, by TLS if the configuration says so. It names the nodes 10.0.0.1:3000, 10.0.0.2:3000 and so on. */
  static async start(file, hosts, [plain, secure]) {
    const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-nginx-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const [cert, key] = certificate(folder);
    let conf = readFileSync(file, 'utf8');
    const tls = /listen 443\b/.test(conf);
    hosts.forEach((host, i) => { conf = conf.replaceAll(`10.0.0.${i + 1}:3000`, host); });
    conf = conf
      .replace(/listen 80\b/, `listen 127.0.0.1:${plain}`)
      .replace(/listen 443\b/, `listen 127.0.0.1:${secure}`)
      .replace(/(ssl_certificate\s+)\S+;/, `$1${cert};`)
      .replace(/(ssl_certificate_key\s+)\S+;/, `$1${key};`)
      .replace(/access_log\s+\/[^;]*;/, 'access_log off;')
      .replace('http {\n', `http {\n${temporary(folder)}`);
    writeFileSync(join(folder, 'nginx.conf'), conf);
    const root = process.getuid() === 0 ? 'user root;' : ''; // its workers write to the folder
    const globals = `daemon off; pid ${folder}/pid; error_log stderr notice; ${root}`;
    const env = { ...process.env, PATH: process.env.PATH + ':/usr/sbin' };
    const front = new Front('nginx', ['-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', globals], { env, last: 'SIGTERM' });
    const started = new Promise((resolve) => {
      front.child.stderr.on('data', () => { if (/start worker process \d/.test(front.stderr)) resolve(); });
    });
    const early = front.ended.then(({ code, error }) => { throw new Error(error?.message ?? `nginx ended with ${code}: ${front.stderr}`); });
    await within(5000, Promise.race([started, early]), 'nginx');
    return Object.assign(front, { url: tls ? `https://127.0.0.1:${secure}` : `http://127.0.0.1:${plain}`, ca: tls ? cert : undefined });
  }

  async end() {
    this.signal('SIGTERM');
    await within(5000, this.ended, 'the end of nginx');
  }
}

/** Where nginx may write, whoever runs it. */
function temporary(folder) {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};\n`).join('');
}

/** A certificate for this machine, signed by itself. */
function certificate(folder) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key], { stdio: 'pipe' });
  return [cert, key];
}
