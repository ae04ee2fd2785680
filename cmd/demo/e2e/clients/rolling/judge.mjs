// What the clients of a rolling restart have seen, and whether that is within the limits.

const SECOND = 1000;

/** Prints it. Returns whether nothing is beyond a limit. */
export function judge(reports, phases, limits) {
  const faults = [];
  const check = (ok, what) => { if (!ok) faults.push(what); };

  console.table(phases.map((phase) => {
    const during = (at) => at >= phase.from && at < phase.to;
    const aways = reports.flatMap((one) => one.aways.filter(([at]) => during(at)).map(([, ms]) => ms)).sort((a, b) => a - b);
    const handshakes = reports.map((one) => one.handshakes.filter(during));
    const most = Math.max(...handshakes.map(({ length }) => length));
    const peak = fullest(handshakes.flat());
    check((aways.at(-1) ?? 0) <= limits.away, `node ${phase.node}: a client was away for ${aways.at(-1)} ms`);
    check(peak <= limits.rate, `node ${phase.node}: ${peak} handshakes in a second`);
    return {
      node: phase.node,
      'ended after, ms': phase.ended - phase.from,
      'ready after, ms': phase.ready - phase.from,
      'sent away': aways.length,
      'half away for, ms': aways[aways.length >> 1],
      'longest, ms': aways.at(-1),
      handshakes: handshakes.flat().length,
      'most in 1 s': peak,
      'most of a client': most,
    };
  }));

  const spread = {};
  for (const { handshakes, version } of reports) {
    const made = handshakes.filter((at) => at >= phases[0].from).length;
    spread[made] ??= { handshakes: made, '2.5.0': 0, '4.8.4': 0 };
    spread[made][version]++;
  }
  const dearest = Math.max(...Object.keys(spread));
  check(dearest <= limits.handshakes, `the restarts cost a client ${dearest} handshakes`);
  console.log('clients by the handshakes that all restarts cost them:');
  console.table(Object.values(spread));
  for (const { number, version, failures, handshakes } of reports) {
    const made = handshakes.filter((at) => at >= phases[0].from);
    if (made.length <= limits.handshakes) continue;
    const story = [...made.map((at) => [at, 'handshake']), ...failures].filter(([at]) => at >= phases[0].from).sort(([a], [b]) => a - b);
    console.log(`  client ${number}, ${version}: ` + story.map(([at, what]) => `${((at - phases[0].from) / SECOND).toFixed(1)} s ${what}`).join(', '));
  }

  const sum = (of) => reports.reduce((all, one) => all + of(one), 0);
  const unread = reports.filter(({ pings }) => typeof pings !== 'number');
  const lost = sum(({ pings, acks }) => Math.max(0, acks - (typeof pings === 'number' ? pings : 0)));
  const made = sum(({ pings, sent }) => Math.max(0, pings - sent) || 0);
  const backwards = sum((one) => one.backwards);
  const gone = reports.filter(({ connected }) => !connected);
  const refusals = {};
  for (const one of reports) for (const [code, n] of Object.entries(one.refusals)) refusals[code] = (refusals[code] ?? 0) + n;
  console.log(`${sum(({ acks }) => acks)} increments acknowledged of ${sum(({ sent }) => sent)} sent: ${lost} lost, ${made} made unasked, ${backwards} out of order`);
  console.log('told:', refusals, '(going_away is how a node sends clients away)');
  if (gone.length > 0) console.table(gone.slice(0, 20).map(({ number, version, handshakes, refusals }) => ({ number, version, handshakes: handshakes.length, refusals: JSON.stringify(refusals) })));

  check(unread.length === 0, `the sessions of ${unread.length} clients cannot be read: ${unread[0]?.pings}`);
  check(lost === 0, `${lost} acknowledged increments are lost`);
  check(made + backwards === 0, `${made} increments were made unasked, ${backwards} acknowledged out of order`);
  check(gone.length === 0, `${gone.length} clients never came back`);
  console.log(faults.length === 0 ? 'within all limits' : 'beyond a limit:\n  ' + faults.join('\n  '));
  return faults.length === 0;
}

/** The most of these moments that lie within one second. */
function fullest(moments) {
  const sorted = [...moments].sort((a, b) => a - b);
  let [most, begin] = [0, 0];
  for (const [i, at] of sorted.entries()) {
    while (at - sorted[begin] >= SECOND) begin++;
    most = Math.max(most, i - begin + 1);
  }
  return most;
}
