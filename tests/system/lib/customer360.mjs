// The customer-360 example with its own policies, fed by HTTP: what a customer is told of, and what each role may see.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, start_app, temp_dir } from './app.mjs';

const example = join(root, 'examples/customer360');
export const read = (file) => readFileSync(join(example, file), 'utf8');
export const demo_roles = JSON.parse(read('ui/src/data/demo_roles.json'));
export const token_of = (name) => demo_roles.find((r) => r.name === name).token;

/** Lines of `policies:` that a role has for a route. */
export function policy_of(role, route) {
  const lines = read('roles.yaml').split('\n').filter((l) => l.includes(`role: ${role}, on: ${route},`));
  const list = (key) => lines.flatMap((l) => new RegExp(`${key}: \\[([^\\]]*)\\]`).exec(l)?.[1].split(',') ?? [])
    .map((word) => word.trim().replaceAll('"', ''));
  return { read: list('read'), command: list('command') };
}

/** The example with its roles, but for its sources, which are HTTP, and that who is idle leaves memory after 3 s. */
export function start_example(t) {
  const dir = temp_dir(t, 'customer360');
  const config = (read('customer360.yaml') + read('roles.yaml'))
    .replace(/^ {4}generator: .*$/gm, '    http: {}')
    .replace(/^ {4}(load|after): .*\n/gm, '')
    .replace('idle: 10s', 'idle: 3s');
  assert.doesNotMatch(config, /^ui:/m);
  assert.match(config, /http: \{\}/);
  assert.match(config, /idle: 3s/);
  writeFileSync(join(dir, 'config.yaml'), `${config}ui: ${join(example, 'ui')}\n`);
  copyFileSync(join(example, 'tokens.yaml'), join(dir, 'tokens.yaml'));
  return start_app(t, { name: 'customer360', config: join(dir, 'config.yaml'), token: token_of('operator') });
}

/** Hands records to a source; they are applied when this resolves. */
export async function tell(app, source, ...records) {
  const body = records.map((r) => JSON.stringify(r) + '\n').join('');
  const r = await app.request('POST', `/api/ingest/${source}`, { body });
  assert.equal(r.status, 200, r.text);
  assert.deepEqual(r.json(), { accepted: records.length, rejected: [] });
}

/** A product and a customer of which every stream says something; secrets are texts that no other place has. */
export async function make_customer(app, id, name) {
  const secrets = { email: `mail${id}@secret.example`, phone: `+49 555 ${id}77`, address: `${id} Hidden Lane`,
    birthdate: '1961-07-19', income: 734_000 + id, note: `hushed ${id}`, review: `whispered ${id}`,
    post: `muttered ${id}` };
  const at = new Date().toISOString();
  const own = { id: id * 100, customer_id: id };
  await tell(app, 'products', { id: 7, product_name: 'Storm Umbrella', category: 'rainwear', subcategory: 'umbrella',
    brand: 'Northmoor', gender: 'any', age_group: 'adult', price: 40, discount: 0.1, stock: 5 });
  await tell(app, 'customer_details', { id, name, email: secrets.email, phone: secrets.phone, gender: 'female',
    birthdate: secrets.birthdate, address: secrets.address, marketing_opt_in: true });
  await tell(app, 'loyalty_stats', { customer_id: id, tier: 'silver', points: 4321, date_added: at });
  await tell(app, 'wishlist', { ...own, product_id: 7, date_added: at });
  await tell(app, 'third_party_demographics', { customer_id: id, age: 64, income: secrets.income });
  await tell(app, 'calls', { ...own, started_at: at, duration_s: 61, dropped: true, agent_note: secrets.note });
  await tell(app, 'reviews', { ...own, product_id: 7, review_text: secrets.review, rating: 2, date_added: at });
  await tell(app, 'social_media_events', { ...own, event_type: 'post', event_date: at, event_details: secrets.post });
  return secrets;
}
