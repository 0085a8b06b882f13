// The board of the page Tune: key figures and charts that are repainted in place.
// A chart comes as the plain form of a Plotly figure (charts/style.py); what is painted of it is what those charts use:
// stacked bars over categories, lines and marks. Amounts come as text: only charts/ and format.py write numbers.

const text = value => String(value ?? '').replace(/[&<>"]/g, c => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'}[c]));
// A quarter of a programme year that starts in another month than January has a long name, so it takes two lines.
const split = name => name.length < 10 ? [name] : name.split(name.length > 12 ? /(?<=–)/ : ' ');
const lines = words => String(words ?? '').replace(/<\/?b>/g, '').replaceAll('<br>', '\n');

function figure(one) {
  const arrow = one.tone === 'off' || one.delta === '0' ? '' : one.delta.startsWith('-') ? '↓ ' : '↑ ';
  const open = one.open
    ? `<button type="button" class="line" data-open="${text(JSON.stringify([one.open]))}" title="Show these partners below">${text(one.line)}\u00a0›</button>`
    : `<p class="line">${text(one.line)}</p>`;
  const value = one.open
    ? `<button type="button" aria-label="${text(one.label)}: ${text(one.value)}. Show these partners below">${text(one.value)}</button>` : text(one.value);
  return `<p class="label">${text(one.label)} <span class="help" role="img" tabindex="0" title="${text(one.help)}"
    aria-label="${text(one.help)}">?</span></p><p class="value">${value}</p><p class="change">${
    one.delta ? `<b class="${one.tone}">${arrow}${text(one.delta)}</b>` : ''}${text(one.against)}</p>${open}`;
}

function heading(chart, view) {
  const views = chart.views.length < 2 ? '' : `<div class="views" role="group" aria-label="By">${chart.views.map((one, at) =>
    `<button type="button" data-view="${at}" aria-pressed="${one === view}">${text(one.name)}</button>`).join('')}</div>`;
  return `<div class="head"><div><h2>${text(view.title)}</h2><p class="note">${text(view.note)}</p></div>${views}</div>`;
}

function paint(view, width, opens) {
  const layout = view.layout, height = layout.height;
  const edge = {l: 56, r: 10, t: 30, b: 26, ...layout.margin};
  const right = width - edge.r, bottom = height - edge.b;
  const names = layout.xaxis.type === 'category' ? view.data[0].x : null;
  const [xlow, xhigh] = names ? [0, names.length] : layout.xaxis.range, [ylow, yhigh] = layout.yaxis.range;
  const at = x => edge.l + (right - edge.l) * (x - xlow) / (xhigh - xlow || 1);
  const place = x => names ? at(names.indexOf(x) + 0.5) : at(x);
  const up = y => bottom - (bottom - edge.t) * (y - ylow) / (yhigh - ylow || 1);
  const out = [];
  layout.yaxis.tickvals.forEach((tick, n) => {
    const y = up(tick);
    if (y < edge.t - 1 || y > bottom + 1) return;
    out.push(`<path d="M${edge.l} ${y}H${right}" stroke="${tick === 0 ? '#9aa5b8' : '#e3e8f0'}"/>`,
      `<text x="${edge.l - 6}" y="${y + 4}" text-anchor="end">${text(layout.yaxis.ticktext[n])}</text>`);
  });
  const every = names && Math.ceil(names.length / Math.min(layout.xaxis.nticks || 99, (right - edge.l) / (7 * Math.max(...names.flatMap(split).map(one => one.length)) + 8)));
  (names || layout.xaxis.tickvals).forEach((tick, n) => {
    if (names ? n % every : tick > xhigh || tick < xlow) return;
    const x = names ? at(n + 0.5) : at(tick);
    (names ? split(tick) : [layout.xaxis.ticktext[n]]).forEach((line, down) =>
      out.push(`<text x="${x}" y="${bottom + 16 + 14 * down}" text-anchor="middle">${text(line)}</text>`));
  });
  if (layout.xaxis.title) out.push(`<text x="${(edge.l + right) / 2}" y="${height - 8}" text-anchor="middle">${text(layout.xaxis.title.text)}</text>`);
  const stack = {};
  for (const trace of view.data) {
    if (trace.type === 'bar') {
      const wide = 0.72 * (right - edge.l) / names.length;
      trace.y.forEach((y, n) => {
        if (!y) return;
        const side = `${n}${y > 0}`, from = stack[side] || 0, to = stack[side] = from + y;
        const top = up(Math.max(from, to)), low = up(Math.min(from, to));
        out.push(`<rect x="${at(n + 0.5) - wide / 2}" y="${top}" width="${wide}" height="${Math.max(0, low - top)}" rx="2" fill="${trace.marker.color}"/>`);
      });
      continue;
    }
    const points = trace.x.map((x, n) => [place(x), up(trace.y[n])]);
    if (trace.mode.includes('lines')) out.push(`<path d="M${points.map(([x, y]) => x.toFixed(1) + ' ' + y.toFixed(1)).join('L')}" fill="none"
      stroke="${trace.line.color}" stroke-width="${trace.line.width}"${trace.line.dash ? ' stroke-dasharray="7 5"' : ''}/>`);
    if (trace.mode.includes('markers')) {
      const mark = trace.marker, size = mark.size / 2;
      for (const [x, y] of points) out.push(mark.symbol === 'diamond'
        ? `<path d="M${x} ${y - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z" fill="${mark.color}" stroke="${mark.line.color}" stroke-width="${mark.line.width}"/>`
        : `<circle cx="${x}" cy="${y}" r="${size}" fill="${mark.color}" stroke="${mark.line.color}" stroke-width="${mark.line.width}"/>`);
    }
  }
  let x = right;
  for (const trace of view.data.filter(one => one.name && one.showlegend !== false).reverse()) {
    out.push(`<text x="${x}" y="16" text-anchor="end">${text(trace.name)}</text>`);
    x -= 6.2 * trace.name.length + 8;
    out.push(trace.type === 'bar' ? `<rect x="${x - 12}" y="6" width="12" height="12" rx="2" fill="${trace.marker.color}"/>`
      : trace.mode === 'markers' ? `<circle cx="${x - 7}" cy="12" r="5" fill="${trace.marker.color}"/>`
      : `<path d="M${x - 28} 12h26" stroke="${trace.line.color}" stroke-width="${trace.line.width}"${trace.line.dash ? ' stroke-dasharray="6 4"' : ''}/>`);
    x -= trace.type === 'bar' ? 28 : 44;
  }
  const spoken = view.data.filter(one => one.hovertext);
  const told = names ? names.map((name, n) => [at(n), at(n + 1), spoken[0].hovertext[n], name])
    : spoken.flatMap(one => one.x.map((value, n) => [place(value) - 3, place(value) + 3, one.hovertext[n], '']));
  for (const [from, to, words, name] of told) out.push(`<rect class="hit${opens ? ' opens' : ''}" x="${from}" y="${edge.t}"
    width="${to - from}" height="${bottom - edge.t}" data-tip="${text(lines(words))}"${opens && name
    ? ` role="button" tabindex="0" aria-label="Partners of ${text(name)}: ${text(lines(words))}" data-open="${text(JSON.stringify([opens, name]))}"` : ''}/>`);
  return `<svg viewBox="0 0 ${width} ${height}" height="${height}" role="${opens ? 'group' : 'img'}" aria-label="${text(view.alt)}">${out.join('')}</svg>`;
}

function put(node, html) {
  if (node.painted !== html) { node.painted = html; node.innerHTML = html; }
}

function part(board, key, kind) {
  let node = board.querySelector(`:scope > [data-part="${key}"]`);
  if (!node) {
    node = document.createElement('section');
    node.dataset.part = key;
    node.className = kind;
    node.innerHTML = kind === 'figure' ? '' : '<div class="top"></div><div class="plot"><div class="drawn"></div><div class="tip" hidden></div></div>';
    board.append(node);
  }
  return node;
}

function draw(board) {
  const {figures, charts} = board.data;
  for (const one of figures) {
    const node = part(board, one.key, 'figure');
    if (one.open) node.dataset.open = JSON.stringify([one.open]); else delete node.dataset.open;
    put(node, figure(one));
  }
  for (const chart of charts) {
    const node = part(board, chart.key, chart.wide ? 'wide' : 'half');
    const view = chart.views[node.dataset.view || 0] || chart.views[0];
    put(node.children[0], heading(chart, view));
    const drawn = node.children[1].children[0];
    if (drawn.clientWidth) put(drawn, paint(view, drawn.clientWidth, view.opens));
  }
  board.dataset.of = board.data.of;
}

function opened(board, target) {
  const hit = target.closest('[data-open]');
  if (!hit || target.closest('.help') || String(getSelection())) return;  // words that are marked are to be copied
  board.send('opened', JSON.parse(hit.dataset.open));
  document.querySelector('.st-key-closer-box')?.scrollIntoView({behavior: 'smooth', block: 'start'});
}

function begun(board) {
  board.addEventListener('click', event => {
    const view = event.target.closest('[data-view]');
    if (view) { view.closest('section').dataset.view = view.dataset.view; draw(board); }
    else opened(board, event.target);
  });
  board.addEventListener('keydown', event => {
    if ((event.key === 'Enter' || event.key === ' ') && event.target.closest('rect[data-open]')) { event.preventDefault(); opened(board, event.target); }
  });
  const told = event => {
    const hit = event.target.closest?.('[data-tip]');
    for (const tip of board.querySelectorAll('.tip')) tip.hidden = true;
    if (!hit) return;
    const tip = hit.closest('.plot').querySelector('.tip'), at = hit.getBoundingClientRect(), box = tip.parentNode.getBoundingClientRect();
    tip.textContent = hit.dataset.tip;
    tip.hidden = false;
    const half = tip.offsetWidth / 2;
    tip.style.left = Math.min(box.width - half, Math.max(half, at.x + at.width / 2 - box.x)) + 'px';
    tip.style.top = Math.max(tip.offsetHeight, (event.clientY || at.y + 40) - box.y - 12) + 'px';
  };
  for (const name of ['pointermove', 'pointerleave', 'focusin', 'focusout']) board.addEventListener(name, told);
  new ResizeObserver(() => draw(board)).observe(board);
}

// While a dial moves: its figures are asked for at every move, one question at a time, the newest next. Streamlit hears of
// the dial later and sends the same figures; until they come, those of an earlier move are held back.
const SOON = 1500;
const same = (one, other) => one && other && one[0] === other[0] && Math.abs(one[1] - other[1]) < 1e-9;
const named = input => [...(input.closest('[class*="st-key-"]')?.classList ?? [])].find(one => one.startsWith('st-key-'))?.slice(7);

function follow(board) {
  let wanted = null, busy = false, until = 0;
  const EVENTS = ['keydown', 'pointerdown', 'pointerup', 'pointercancel'];
  const touch = event => {  // a dial that moves by itself, as after undo, is not asked about
    if (event.type === 'pointerdown') until = event.target.closest('[data-testid=stSlider]') ? Infinity : 0;
    else if (event.type !== 'keydown' || event.target.type === 'range') until = performance.now() + SOON;
  };
  const ask = async () => {
    busy = true;
    while (wanted && board.isConnected) {
      const move = wanted, before = board.data.of;
      wanted = null;
      const answer = await fetch('./live/board', {method: 'POST', headers: {'content-type': 'application/json'},
        body: JSON.stringify({token: board.data.live, dial: move[0], shown: move[1]})}).catch(() => null);
      if (answer?.status !== 200 || board.data.of !== before) continue;
      const found = await answer.json().catch(() => null);
      if (!found) continue;
      board.ahead = {move, until: performance.now() + SOON};
      board.data = {...board.data, ...found};
      draw(board);
    }
    busy = false;
  };
  const watch = new MutationObserver(records => {
    if (!board.isConnected) return end();
    const input = records.at(-1).target;
    if (input.type !== 'range' || performance.now() > until) return;
    wanted = [named(input), Number(input.getAttribute('value'))];
    if (!busy) ask();
  });
  const end = () => { watch.disconnect(); for (const name of EVENTS) document.removeEventListener(name, touch, true); };
  for (const name of EVENTS) document.addEventListener(name, touch, true);
  watch.observe(document.body, {subtree: true, attributes: true, attributeFilter: ['value']});
}

function take(board, data) {
  const {ahead} = board;
  clearTimeout(board.later);
  if (ahead && data.move && !same(data.move, ahead.move) && performance.now() < ahead.until) {
    board.data.live = data.live;
    board.later = setTimeout(() => take(board, data), ahead.until - performance.now() + 1);
    return;
  }
  board.ahead = null;
  board.data = data;
  draw(board);
}

export default function ({data, parentElement, setTriggerValue}) {
  const board = parentElement.querySelector('.board');
  const first = !board.data;
  board.send = setTriggerValue;
  take(board, data);
  if (first) { begun(board); follow(board); }
}
