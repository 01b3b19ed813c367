// The live page. Whatever comes from the network becomes text nodes and attribute values made here, never markup.
const $ = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
const KEPT = 500;
const SAY_EVERY = 5000;

const messages = new Map();     // by number
const rows = new Map();         // the drawn ones
let overview = null;
let pathNumber = null;          // the path that is drawn
let selected = null;            // the message that is drawn
let detailOf = '';              // which state of it
let paused = false;
let waiting = new Map();
let announced = null;
let unsaid = 0;
let saidAt = 0;

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

function draw(name, attributes = {}, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let unit = -1;
  do { bytes /= 1000; unit++; } while (bytes >= 999.5 && unit < units.length - 1);
  return `${bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

function duration(seconds) {
  const d = Math.floor(seconds / 86400), h = Math.floor(seconds / 3600) % 24, m = Math.floor(seconds / 60) % 60;
  return d > 0 ? `${d} d ${h} h` : h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min` : `${Math.floor(seconds)} s`;
}

const pad = (number, digits = 2) => String(number).padStart(digits, '0');

function time(text) {
  const at = new Date(text);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

const plural = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;

// ---- Overview and path

function onOverview(next) {
  if (overview && overview.startedAt !== next.startedAt) forget();
  overview = next;
  document.title = `${next.address} · TLMSP middlebox`;
  $('address').textContent = next.address;
  $('uptime').textContent = duration((new Date(next.now) - new Date(next.startedAt)) / 1000);
  $('open').textContent = next.totals.open;
  $('count').textContent = next.totals.messages;
  $('withheld').textContent = next.totals.withheld;
  $('bytes').textContent = size(next.totals.bytes);
  const known = next.paths.some(path => path.number === pathNumber);
  if (!known) pathNumber = next.paths.length ? next.paths[0].number : null;
  drawPathList();
  drawPath();
}

function forget() {
  messages.clear();
  rows.clear();
  waiting.clear();
  $('rows').replaceChildren();
  selected = null;
  pathNumber = null;
}

function unchanged(node, state) {
  const text = JSON.stringify(state);
  if (node.drawn === text) return true;
  node.drawn = text;
  return false;
}

function drawPathList() {
  const list = $('paths');
  const state = overview.paths.map(path => [path.number, path.closedAt !== null, path.number === pathNumber, path.serverName]);
  if (unchanged(list, state)) return;
  const focused = document.activeElement?.dataset?.path;
  list.replaceChildren(...overview.paths.map(path => {
    const button = el('button', {
      type: 'button', 'data-path': path.number, 'aria-pressed': String(path.number === pathNumber), class: path.closedAt ? 'closed' : '',
    }, `${path.number} · ${path.serverName ?? 'no name'}${path.closedAt ? ' (closed)' : ''}`);
    button.addEventListener('click', () => { pathNumber = path.number; drawPathList(); drawPath(); });
    return el('li', {}, button);
  }));
  if (focused) list.querySelector(`[data-path="${focused}"]`)?.focus();
}

function drawPath() {
  const path = overview.paths.find(each => each.number === pathNumber);
  $('no-path').hidden = !!path;
  $('path-view').hidden = !path;
  if (!path) return;
  const about = $('path-about');
  const opened = `since ${time(path.openedAt).slice(0, 8)}`;
  about.replaceChildren([
    path.profile === null ? 'not HTTP' : `profile ${path.profile}`, path.suite, plural(path.messages, 'message'), opened,
  ].join(' · '));
  if (path.closedAt) about.append(` · closed ${time(path.closedAt).slice(0, 8)}`);
  if (path.fault) about.append(' · ', el('span', { class: 'fault' }, path.fault));
  const width = $('picture').clientWidth;
  if (unchanged($('picture'), [path.number, path.contexts, path.boxes, width])) return;
  $('picture').replaceChildren(picture(path, width));
  $('boxes').replaceChildren(...path.boxes.map((box, i) => el('li', {},
    `Box ${i + 1}: `, el('span', { class: 'mono' }, box.address),
    `${box.isThis ? ', this middlebox' : ''}${box.inserted ? ', inserted by the server' : ''}`)));
  drawGrants(path);
}

function picture(path, available) {
  const labels = 84, laneHeight = 30, top = 30;
  const parties = ['client', ...path.boxes.map((box, i) => `box ${i + 1}`), 'server'];
  const column = Math.max(56, Math.min(150, (available - labels - 4) / parties.length));
  const width = labels + column * parties.length + 2;
  const height = top + laneHeight * path.contexts.length + 22;
  const cell = Math.min(56, column - 16);
  const center = i => labels + column * (i + .5);
  const svg = draw('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img' });
  svg.append(draw('title', {}, describe(path)));
  const hatch = draw('pattern', { id: 'hatch', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
  hatch.append(
    draw('rect', { width: 7, height: 7, class: 'hatch-back' }),
    draw('line', { x1: 1, y1: 0, x2: 1, y2: 7, class: 'hatch-line' }));
  const defs = draw('defs');
  defs.append(hatch);
  svg.append(defs);
  path.contexts.forEach((context, row) => {
    const y = top + laneHeight * (row + .5);
    svg.append(
      draw('text', { x: 0, y: y + 4 }, context.name.length > 12 ? `${context.name.slice(0, 11)}…` : context.name),
      draw('line', { x1: center(0), y1: y, x2: center(parties.length - 1), y2: y, class: 'lane' }));
    // Contexts of one direction point there.
    const gap = [center(0) + cell / 2, center(1) - cell / 2 - 5];
    const [middle, half] = [(gap[0] + gap[1]) / 2, Math.min(5, (gap[1] - gap[0]) / 2 - 1)];
    const to = context.name.startsWith('req-') ? half : context.name.startsWith('resp-') ? -half : 0;
    const arrow = `M${middle - to} ${y - 5}L${middle + to} ${y}L${middle - to} ${y + 5}Z`;
    if (to !== 0) svg.append(draw('path', { d: arrow, class: 'arrowhead' }));
  });
  parties.forEach((party, i) => {
    const box = path.boxes[i - 1];
    const isBox = i > 0 && i < parties.length - 1;
    svg.append(draw('text', { x: center(i), y: 14, 'text-anchor': 'middle', class: 'party' }, party));
    if (isBox) {
      svg.append(draw('rect', {
        x: center(i) - cell / 2 - 5, y: top - 5, width: cell + 10, height: laneHeight * path.contexts.length + 10, rx: 5,
        class: box.isThis ? 'frame this' : 'frame',
      }));
      if (box.isThis) svg.append(draw('text', { x: center(i), y: height - 3, 'text-anchor': 'middle', class: 'soft' }, 'this'));
    }
    path.contexts.forEach((context, row) => {
      const y = top + laneHeight * row + 4;
      const access = isBox ? box.access[row] : 'end';
      svg.append(draw('rect', {
        x: center(i) - cell / 2, y, width: cell, height: laneHeight - 8, rx: 3, class: `cell ${access}`,
      }));
      if (isBox && access !== 'none') {
        svg.append(draw('text', { x: center(i), y: y + 15, 'text-anchor': 'middle', class: 'party' }, access));
      }
    });
  });
  return svg;
}

const words = { none: 'sealed', r: 'read', rd: 'read and delete', rw: 'read and change' };

function describe(path) {
  const rights = box => path.contexts.map((context, row) => `${context.name} ${words[box.access[row]]}`).join(', ');
  const boxes = path.boxes.map((box, i) => `box ${i + 1} ${rights(box)}`);
  return `From client to server: ${boxes.join('; ') || 'no middlebox'}.`;
}

function drawGrants(path) {
  const [head, body] = [$('grants').tHead, $('grants').tBodies[0]];
  head.replaceChildren(el('tr', {}, el('th', { scope: 'col' }, 'Context'),
    ...path.boxes.map((box, i) => el('th', { scope: 'col' }, `Box ${i + 1}${box.isThis ? ' (this)' : ''}`))));
  body.replaceChildren(...path.contexts.map((context, row) => el('tr', {},
    el('th', { scope: 'row' }, `${context.name}${context.audited ? ' (audited)' : ''}`),
    ...path.boxes.map(box => el('td', {}, box.access[row] === 'none' ? 'sealed' : `${box.access[row]}: ${words[box.access[row]]}`)))));
}

// ---- Messages

function onMessages(list) {
  for (const message of list) {
    if (paused) {
      waiting.set(message.number, message);
    } else {
      take(message);
    }
  }
  if (paused) {
    $('pause').textContent = waiting.size ? `Resume (${waiting.size} waiting)` : 'Resume';
    trim(waiting);
  } else {
    settle();
  }
}

function take(message) {
  const isNew = !messages.has(message.number);
  messages.set(message.number, message);
  if (isNew) unsaid++;
  place(message, isNew);
  if (message.number === selected) showDetail();
}

function trim(map) {
  while (map.size > KEPT) map.delete(map.keys().next().value);
}

function settle() {
  while (messages.size > KEPT) {
    const oldest = messages.keys().next().value;
    messages.delete(oldest);
    rows.get(oldest)?.remove();
    rows.delete(oldest);
  }
  $('no-message').hidden = rows.size > 0;
  $('no-message').textContent = messages.size ? 'No message fits the filter.' : 'Messages appear here as they pass.';
  $('shown').textContent = messages.size === rows.size ? '' : `${rows.size} of ${messages.size}`;
  rove();
  say();
}

// A screen reader is told at most every few seconds, and only how many there are.
function say() {
  if (unsaid === 0 || Date.now() - saidAt < SAY_EVERY) return;
  $('status').textContent = `${plural(unsaid, 'new message')}.`;
  unsaid = 0;
  saidAt = Date.now();
}

function lineOf(message) {
  if (message.startLine === null) return null;
  const parts = message.startLine.split(' ');
  return message.direction === 'request' ? parts.slice(0, -1).join(' ') : parts.slice(1).join(' ');
}

const sealedText = (message, bytes) => bytes > 0 ? `sealed · ${size(bytes)}` : 'sealed';

function contentText(message) {
  switch (message.content) {
    case 'none': return '';
    case 'sealed': return sealedText(message, message.contentBytes);
    case 'notKept': return `${size(message.contentBytes)}, not kept`;
    default: return size(message.contentBytes);
  }
}

function fits(message) {
  const wanted = $('filter').value.trim().toLowerCase().split(/\s+/).filter(word => word);
  const text = [
    message.direction, lineOf(message) ?? '', message.headSealed ? 'sealed' : '', contentText(message), message.verdict,
    message.inspector ?? '', `path:${message.path}`, `path ${message.path}`,
  ].join(' ').toLowerCase();
  return $('filter').value.trim().toLowerCase() === '' || text.includes($('filter').value.trim().toLowerCase())
    || wanted.every(word => text.includes(word));
}

function place(message, isNew) {
  const old = rows.get(message.number);
  if (!fits(message)) {
    old?.remove();
    rows.delete(message.number);
    return;
  }
  const hadFocus = old?.contains(document.activeElement);
  const row = makeRow(message, isNew);
  rows.set(message.number, row);
  if (old) {
    old.replaceWith(row);
    if (hadFocus) row.querySelector('button').focus({ preventScroll: true });
  } else {
    const before = [...$('rows').children].find(each => Number(each.dataset.number) < message.number);
    $('rows').insertBefore(row, before ?? null);
  }
}

function sealedBar(text, className = 'sealed') {
  return el('span', { class: className }, el('span', {}, text));
}

function makeRow(message, isNew) {
  const request = message.direction === 'request';
  const line = lineOf(message);
  const label = el('span', { class: 'line' }, line ?? '…');
  const button = el('button', { type: 'button', class: 'pick', tabindex: '-1', 'aria-pressed': String(message.number === selected) },
    el('span', { class: 'arrow', 'aria-hidden': 'true' }, request ? '→' : '←'), el('span', { class: 'hidden' }, message.direction),
    message.headSealed ? sealedBar(sealedText(message, message.headBytes)) : label);
  const withheld = !['forward', 'passing'].includes(message.verdict);
  const verdict = el('td', { class: `verdict${withheld ? ' withheld' : ''}` },
    message.verdict === 'passing' ? el('small', {}, 'passing') : message.verdict);
  if (message.changed) verdict.append(el('small', {}, 'content changed'));
  if (message.inspector) verdict.append(el('small', {}, message.inspector));
  if (message.verdict === 'forward' && !message.complete) verdict.append(el('small', {}, 'not to its end'));
  const content = el('td', { class: message.content === 'none' ? 'size nothing' : 'size' });
  if (message.content === 'sealed') content.append(sealedBar(sealedText(message, message.contentBytes)));
  else if (message.content === 'notKept') content.append(el('span', { class: 'not-kept' }, contentText(message)));
  else content.append(contentText(message));
  const row = el('tr', {
    'data-number': message.number, class: [message.number === selected ? 'selected' : '', isNew ? 'new' : ''].join(' ').trim(),
  }, el('td', { class: 'time' }, time(message.at)),
  el('td', { class: 'number' }, el('span', { class: 'only-narrow' }, 'path '), String(message.path)),
  el('td', { class: 'message' }, button), content, verdict);
  row.addEventListener('click', () => select(message.number));
  return row;
}

// One row is in the order of the Tab key, arrow keys go to the others.
function rove() {
  const current = rows.has(selected) ? rows.get(selected) : $('rows').firstElementChild;
  for (const row of $('rows').children) {
    row.querySelector('button').tabIndex = row === current || row.contains(document.activeElement) ? 0 : -1;
  }
}

function onKey(event) {
  const row = event.target.closest('tr');
  const to = !row ? null : {
    ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling,
    Home: row.parentElement.firstElementChild, End: row.parentElement.lastElementChild,
  }[event.key];
  if (to) {
    event.preventDefault();
    to.querySelector('button').focus();
    rove();
  }
}

function select(number) {
  const before = rows.get(selected);
  selected = number;
  detailOf = '';
  for (const row of [before, rows.get(number)]) {
    if (!row) continue;
    const isSelected = row === rows.get(number);
    row.classList.toggle('selected', isSelected);
    row.querySelector('button').setAttribute('aria-pressed', String(isSelected));
  }
  const path = messages.get(number)?.path;
  if (overview?.paths.some(each => each.number === path) && path !== pathNumber) {
    pathNumber = path;
    drawPathList();
    drawPath();
  }
  rove();
  showDetail();
}

function refilter() {
  rows.clear();
  $('rows').replaceChildren();
  for (const message of messages.values()) place(message, false);
  settle();
  $('status').textContent = `${plural(rows.size, 'message')} shown.`;
  saidAt = Date.now();
}

// ---- One message

async function showDetail() {
  const number = selected;
  const state = JSON.stringify(messages.get(number));
  if (state === detailOf) return;
  detailOf = state;
  try {
    const response = await fetch(`/api/messages/${number}`);
    if (number !== selected) return;
    if (response.status === 404) throw new Error('This message is not kept any more.');
    if (!response.ok) throw new Error(`The middlebox answered ${response.status}.`);
    drawDetail(await response.json());
  } catch (error) {
    if (number === selected) $('detail-body').replaceChildren(el('p', { class: 'empty' }, error.message));
  }
}

function contextOf(message, part) {
  const path = overview?.paths.find(each => each.number === message.path);
  const oneWay = `${message.direction === 'request' ? 'req' : 'resp'}-${part}`;
  return path?.contexts.some(context => context.name === oneWay) ? oneWay : part;
}

const isHttp2 = message => overview?.paths.find(each => each.number === message.path)?.profile?.includes('HTTP/2') ?? false;

const sealedBlock = (message, part, bytes) =>
  sealedBar(`sealed${bytes > 0 ? ` · ${size(bytes)}` : ''} · no right to read ${contextOf(message, part)}`, 'sealed block');

function drawDetail({ message, fields, moreFields, sealedSecrets, reason, body }) {
  $('detail-title').textContent = `Message ${message.number}`;
  const parts = [el('p', { class: 'meta' }, `${message.direction} on path ${message.path}, ${time(message.at)}, ${message.verdict}`
    + `${message.inspector ? ` by ${message.inspector}` : ''}${reason ? `: ${reason}` : ''}`)];
  if (message.startLine !== null) parts.push(el('p', { class: 'start mono' }, message.startLine));
  parts.push(el('h3', {}, 'Fields'));
  if (message.headSealed) parts.push(sealedBlock(message, 'head', message.headBytes));
  if (fields.length) {
    const list = el('tbody', {}, ...fields.map(fieldRow));
    parts.push(el('table', { class: 'fields' }, el('caption', { class: 'hidden' }, 'Fields'), list));
  }
  if (moreFields) parts.push(el('p', { class: 'note' }, `${plural(moreFields, 'further field')} not kept.`));
  if (sealedSecrets) parts.push(el('p', { class: 'note' }, 'Sensitive fields: '), sealedBlock(message, 'secret', sealedSecrets));
  if (!message.headSealed && !fields.length) parts.push(el('p', { class: 'note' }, 'None.'));
  parts.push(el('h3', {}, 'Content'), ...contentBlock(message, body));
  $('detail-body').replaceChildren(...parts);
  if (announced !== message.number) $('status').textContent = `Message ${message.number} is shown.`;
  announced = message.number;
}

function fieldRow(field) {
  const value = field.value ?? el('span', { class: 'masked' }, `•••••• masked, ${plural(field.length, 'character')}`);
  const name = field.section === 'trailers' ? `${field.name} (trailer)` : field.name;
  return el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, value));
}

function contentBlock(message, body) {
  switch (message.content) {
    case 'none': return [el('p', { class: 'note' }, 'Nothing has passed.')];
    case 'sealed': return [sealedBlock(message, 'body', message.contentBytes)];
    case 'notKept': return [el('span', { class: 'not-kept block' },
      `not kept · ${size(message.contentBytes)} · readable, but ShowContent is off`)];
    default: {
      const note = [
        message.contentBytes > body.bytes ? `The first ${size(body.bytes)} of ${size(message.contentBytes)}` : size(message.contentBytes),
        body.form === 'hex' ? ', hexadecimal' : '',
        '.',
        message.headSealed && !isHttp2(message) ? ' With the framing of chunks, if there are any: the head that says so is sealed.' : '',
      ].join('');
      const text = body.form === 'hex' ? body.text.replace(/(.{2})/g, '$1 ').replace(/(.{48})/g, '$1\n') : body.text;
      return [el('pre', { tabindex: '0', 'aria-label': 'Content' }, text), el('p', { class: 'note' }, note)];
    }
  }
}

// ---- Throughput

const plots = new Map();

function onThroughput(series) {
  const names = Object.keys(series);
  $('no-throughput').hidden = names.length > 0;
  $('axis').hidden = names.length === 0;
  for (const [name, plot] of plots) {
    if (!(name in series)) {
      plot.item.remove();
      plots.delete(name);
    }
  }
  names.forEach((name, i) => {
    let plot = plots.get(name);
    if (!plot) {
      plot = makePlot(name);
      plots.set(name, plot);
      $('plots').insertBefore(plot.item, $('plots').children[i] ?? null);
    }
    const counts = series[name];
    const peak = Math.max(...counts);
    const points = counts.map((count, x) => `L${x} ${(38 - 35 * count / (peak || 1)).toFixed(2)}`).join('');
    plot.path.setAttribute('d', `M0 40${points}L${counts.length - 1} 40Z`);
    plot.now.textContent = `${size(counts.at(-2))}/s`;
    plot.peak.textContent = `peak ${size(peak)}/s`;
    plot.title.textContent = `${name}: now ${size(counts.at(-2))} per second, peak ${size(peak)} per second, `
      + `${size(counts.reduce((sum, count) => sum + count, 0))} in 2 minutes`;
  });
}

function makePlot(name) {
  const svg = draw('svg', { viewBox: '0 0 119 40', preserveAspectRatio: 'none', role: 'img' });
  const [title, path] = [draw('title'), draw('path')];
  svg.append(title, path);
  const [now, peak] = [el('b'), el('span')];
  const item = el('li', {}, el('span', { class: 'context' }, name), svg, el('span', { class: 'rate' }, now, peak));
  return { item, path, title, now, peak };
}

// ---- Events

function connection(state, text) {
  $('connection').className = `connection ${state}`;
  $('connection').textContent = text;
}

$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  $('pause').textContent = paused ? 'Resume' : 'Pause';
  if (!paused) {
    for (const message of waiting.values()) take(message);
    waiting.clear();
    settle();
  }
});
$('filter').addEventListener('input', refilter);
$('rows').addEventListener('keydown', onKey);
$('rows').addEventListener('focusin', rove);
new ResizeObserver(() => { if (overview) drawPath(); }).observe($('picture'));

const events = new EventSource('/api/events');
events.addEventListener('open', () => connection('live', 'live'));
events.addEventListener('error', () => connection('lost', 'not connected, trying again'));
events.addEventListener('paths', event => onOverview(JSON.parse(event.data)));
events.addEventListener('messages', event => onMessages(JSON.parse(event.data).messages));
events.addEventListener('throughput', event => onThroughput(JSON.parse(event.data)));
