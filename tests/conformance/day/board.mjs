// The board of an agent's day: a small shop's tickets, a person who answers, and an agent with a key of its own.

const TICKETS = [
  ['Umlauts are missing in PDF invoices', 'medium', 'Customers with ä, ö or ü in their name get boxes in the PDF.\n\n- Happens since the renderer was updated on Monday.\n- The HTML mail is right.\n\nDone when the invoice of a customer named Jörg Müller is readable.', ['invoices', 'bug']],
  ['Checkout answers 500 for expired cards', 'critical', 'The payment step fails with an internal error when the card has expired. Customers see a blank page and lose their cart.\n\nSteps: pay with the test card 4000 0000 0000 0069.\n\nExpected: a message that the card has expired.', ['checkout', 'bug']],
  ['Shop pages load too much', 'high', 'The start page loads 4.8 MB of JPEG pictures. Convert those above 100 kB to WebP and keep the originals.', ['performance']],
  ['Orders need an index by customer', 'high', 'The list of orders of a customer takes 900 ms. Add an index on (customer_id, created_at) and measure again on staging.', ['database', 'performance']],
  ['Show delivery costs in the cart', 'medium', 'People leave at the last step because delivery costs appear only there. Show them in the cart as soon as the country is known.', ['checkout']],
  ['Newsletter sign-up does not confirm', 'low', 'After the sign-up the form stays as it was. Show a sentence, and clear the field.', ['newsletter']],
  ['Product search ignores plural forms', 'medium', 'A search for "lamps" finds nothing, "lamp" finds 42 products. Use the stemming of the search index.', ['search']],
  ['Upgrade the framework to the current version', 'medium', 'The version in use gets no security fixes after December. Read the upgrade guide, list what breaks, then upgrade.', ['maintenance']],
  ['Coupon codes are case-sensitive', 'low', 'SUMMER10 works, Summer10 does not. Compare without case.', ['checkout', 'bug']],
  ['Mails to hotmail addresses bounce', 'high', 'Order confirmations to hotmail.com bounce with 550 since the sending address changed. Check SPF and DKIM.', ['mail', 'bug']],
];
const COMMENTS = [
  ['Umlauts are missing in PDF invoices', 'Support has had five mails about this since Tuesday; one customer wants the invoice by Friday.'],
  ['Umlauts are missing in PDF invoices', 'The renderer falls back to Helvetica, which it embeds without the Latin-1 supplement.'],
  ['Checkout answers 500 for expired cards', 'The log says `Unexpected end of JSON input` in payment-client.ts, line 88.'],
];

let runs = 0;

// Makes the board, and a key for an agent that sees only this board. `person` is its owner.
export async function makeBoard(person) {
  runs += 1;
  const workflow = (await person.post('/api/workflows', { name: 'Web shop', description: 'Everything about our shop.' })).id;
  const agent = `builder-${runs}`;
  await person.post('/api/agents', { id: agent, name: 'Builder', kind: 'agent', workflows: [workflow] });
  const { key } = await person.post('/api/keys', { name: 'a day', actor_id: agent, scopes: ['read', 'write'] });
  const ids = {};
  for (const [title, priority, description, tags] of TICKETS) {
    const draft = { workflow_id: workflow, title, priority, description, tags, ticket_type: tags.includes('bug') ? 'bug' : 'task', initial_status: 'todo' };
    ids[title] = (await person.post('/api/tickets/create', draft)).ticket_id;
  }
  for (const [title, comment_text] of COMMENTS) await person.post('/api/tickets/comment', { ticket_id: ids[title], comment_text });
  for (const title of ['Show delivery costs in the cart', 'Coupon codes are case-sensitive']) {
    await person.post('/api/tickets/update', { ticket_id: ids[title], assigned_agent_id: agent });
  }
  for (const [title, prompt] of [['Shop pages load too much', 'Convert the pictures under public/img to WebP.'],
    ['Orders need an index by customer', 'Add the index in a migration and run it on staging.']]) {
    await person.post('/api/jobs', { ticket_id: ids[title], initial_prompt: prompt, stages: ['in_progress', 'code_review'], queue: true });
  }
  return { workflow, agent, key };
}
