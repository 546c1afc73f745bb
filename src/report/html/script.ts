/**
 * The page works without it. It filters the findings, opens all of them, opens what an address points into, and opens
 * everything before printing. Plain text of this program: its hash stands in the page's content security policy.
 */
export const SCRIPT = `
(() => {
  const form = document.querySelector('form.filter');
  const cards = [...document.querySelectorAll('details.finding')];
  if (form && cards.length > 1) {
    form.hidden = false;
    const query = form.querySelector('#q');
    const hits = form.querySelector('#hits');
    const all = form.querySelector('#all');
    const texts = new Map();
    const textOf = (card) => {
      if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
      return texts.get(card);
    };
    const apply = () => {
      const words = query.value.toLowerCase().split(/\\s+/).filter(Boolean);
      let shown = 0;
      for (const card of cards) {
        card.hidden = !words.every((word) => textOf(card).includes(word));
        if (!card.hidden) shown += 1;
      }
      for (const group of document.querySelectorAll('section.group')) {
        group.hidden = words.length > 0 && !group.querySelector('details.finding:not([hidden])');
      }
      hits.textContent = words.length > 0 ? shown + ' of ' + cards.length : '';
    };
    let timer;
    query.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(apply, 80); });
    form.addEventListener('submit', (event) => { event.preventDefault(); apply(); });
    all.addEventListener('click', () => {
      const open = cards.some((card) => !card.hidden && !card.open);
      for (const card of cards) if (!card.hidden) card.open = open;
      all.textContent = open ? 'Close all' : 'Open all';
    });
  }
  addEventListener('beforeprint', () => {
    for (const card of document.querySelectorAll('details')) card.open = true;
  });
})();
`;
