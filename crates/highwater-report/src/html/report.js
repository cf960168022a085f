// Search, paging and opening what a link points to. Everything can be read without it.
(() => {
  'use strict';
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // A link to something inside closed details opens them on its way.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === 'DETAILS') at.open = true;
      at.hidden = false;
    }
    const own = target.parentElement && target.parentElement.tagName === 'DETAILS' ? target.parentElement : target;
    own.scrollIntoView();
    const summary = own.querySelector('summary');
    if (summary && own !== target) summary.focus({ preventScroll: true });
  };
  addEventListener('hashchange', reveal);
  addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });
  if (location.hash) reveal();

  const field = (label, onInput) => {
    const input = make('input', { type: 'search', autocomplete: 'off', spellcheck: false });
    input.setAttribute('aria-label', label);
    input.placeholder = label;
    input.addEventListener('input', onInput);
    return input;
  };

  const indicatorTools = document.getElementById('indicator-tools');
  const indicators = all('.indicator').map((element) => ({ element, text: element.textContent.toLowerCase() }));
  if (indicatorTools && indicators.length) {
    const status = make('span', { className: 'small' });
    status.setAttribute('role', 'status');
    const wayBox = make('input', { type: 'checkbox' });
    const openBox = make('input', { type: 'checkbox' });
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const filtering = words.length > 0 || wayBox.checked || openBox.checked;
      let shown = 0;
      for (const { element, text } of indicators) {
        const done = element.dataset.state === 's-met' || element.dataset.state === 's-na';
        const fits = words.every((word) => text.includes(word))
          && (!wayBox.checked || element.hasAttribute('data-way')) && (!openBox.checked || !done);
        element.hidden = !fits;
        if (fits) shown += 1;
      }
      for (const level of all('.capability .level')) level.hidden = filtering && !level.querySelector('.indicator:not([hidden])');
      for (const capability of all('.capability')) {
        const any = capability.querySelector('.indicator:not([hidden])');
        capability.hidden = filtering && !any;
        if (filtering && any) capability.open = true;
      }
      status.textContent = filtering ? `${shown} of ${indicators.length} indicators` : '';
    };
    const input = field('Search indicators', apply);
    for (const box of [wayBox, openBox]) box.addEventListener('change', apply);
    const toggle = make('button', { type: 'button', textContent: 'Open all capabilities' });
    toggle.addEventListener('click', () => {
      const open = toggle.textContent.startsWith('Open');
      for (const element of all('.capability')) element.open = open;
      toggle.textContent = open ? 'Close all capabilities' : 'Open all capabilities';
    });
    indicatorTools.append(input, make('label', {}, wayBox, 'in the way of a next level'), make('label', {}, openBox, 'not done'), toggle, status);
  }

  const factTools = document.getElementById('fact-tools');
  const facts = all('.fact').map((element) => ({ element, text: element.textContent.toLowerCase() }));
  if (factTools && facts.length) {
    const status = make('span', { className: 'small' });
    status.setAttribute('role', 'status');
    const input = field('Search facts and subjects', () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { element, text } of facts) {
        const fits = words.every((word) => text.includes(word));
        element.hidden = !fits;
        if (fits) shown += 1;
      }
      status.textContent = words.length ? `${shown} of ${facts.length} facts` : '';
    });
    factTools.append(input, status);
  }

  // Subjects: ten a page, with a search of their own where there are more.
  const PAGE = 10;
  const paged = (table) => {
    const rows = all('tbody tr', table).map((element) => ({ element, text: element.textContent.toLowerCase() }));
    if (rows.length <= PAGE) return;
    const name = table.closest('.scroll').getAttribute('aria-label');
    let page = 0;
    const status = make('span');
    status.setAttribute('role', 'status');
    const draw = () => {
      const word = input.value.toLowerCase().trim();
      const fitting = rows.filter(({ text }) => text.includes(word));
      const pages = Math.max(1, Math.ceil(fitting.length / PAGE));
      page = Math.min(page, pages - 1);
      for (const { element } of rows) element.hidden = true;
      for (const { element } of fitting.slice(page * PAGE, (page + 1) * PAGE)) element.hidden = false;
      back.disabled = page === 0;
      on.disabled = page >= pages - 1;
      status.textContent = `page ${page + 1} of ${pages}, ${fitting.length} listed`;
    };
    const turn = (by) => () => { page += by; draw(); };
    const back = make('button', { type: 'button', textContent: 'Previous' });
    const on = make('button', { type: 'button', textContent: 'Next' });
    back.setAttribute('aria-label', `Previous page, ${name}`);
    on.setAttribute('aria-label', `Next page, ${name}`);
    back.addEventListener('click', turn(-1));
    on.addEventListener('click', turn(1));
    const input = field(`Search ${name}`, () => { page = 0; draw(); });
    input.placeholder = 'Search these subjects';
    table.closest('.scroll').before(make('div', { className: 'pager' }, input, back, on, status));
    draw();
  };
  for (const fact of all('.fact')) {
    fact.addEventListener('toggle', () => all('.subjects', fact).forEach(paged), { once: true });
  }
  addEventListener('beforeprint', () => { for (const element of all('.capability')) element.open = true; });
})();
