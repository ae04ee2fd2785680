'use strict';

// The chat: a socket of /chat for each client, made when somebody joins.

/** A client's seat in the chat, and the list of what it hears there. */
class Seat {
  /** opts say how it connects: client A's goes over the connection that A has. */
  constructor(client, opts) {
    this.client = client;
    this.opts = opts;
    this.socket = null;
    this.why = ''; // it was refused, or sent away, for good
  }

  get inside() { return !!this.socket && this.socket.connected; }

  join() {
    if (this.socket) return this.socket.connect(); // it was refused, or its session has ended
    this.socket = io.connectWithSession('/chat', { path, ...this.opts });
    follow(this.socket, '/chat', this.client.log);
    this.socket.on('said', (line) => this.heard(line));
    this.socket.session.on('active', () => this.seated(''));
    this.socket.session.on('invalid', ({ code, reconnect }) => this.seated(reconnect ? '' : code));
    this.socket.on('disconnect', () => this.seated(this.why));
  }

  seated(why) {
    this.why = why;
    drawChat();
  }

  heard({ user, text }) {
    const list = this.client.find('said');
    const item = element('li', '');
    item.append(element('b', user), element('span', text, { class: 'text' }));
    list.append(item);
    while (list.children.length > LINES) list.firstChild.remove();
    list.scrollTop = list.scrollHeight;
    this.client.log.write('in', '/chat ' + user + ':', text);
  }

  say(text) {
    return act(this.client.log, '/chat emit("say", ' + JSON.stringify(text) + ')', () => ask(this.socket, 'say', text));
  }

  draw() {
    const at = this.client.find('in-chat');
    at.textContent = this.inside ? 'joined' : this.why || 'outside';
    at.dataset.tone = this.inside ? 'good' : this.why ? 'bad' : '';
    const say = this.client.find('say');
    say.disabled = !this.inside;
    say.title = this.inside ? '' : 'Join first.';
  }
}

let seats = [];

function join() {
  for (const seat of seats) if (!seat.inside) seat.join();
}

/** Shows who is in the chat. */
function drawChat() {
  for (const seat of seats) seat.draw();
  const all = seats.every((seat) => seat.inside);
  $('join').textContent = all ? 'Joined' : 'Join';
  $('join').disabled = all || over;
}

function startChat() {
  seats = [new Seat(clients.a, {}), new Seat(clients.b, { forceNew: true, transports: ['websocket'] })];
  $('chat').addEventListener('submit', (event) => {
    event.preventDefault();
    const seat = seats[event.submitter && event.submitter.value === 'b' ? 1 : 0];
    seat.say(new FormData(event.target).get('text'));
  });
  $('join').addEventListener('click', join);
}
