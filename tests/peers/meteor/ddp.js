// npm's ddp at the display's Meteor wire: node ddp.js URL VERSION. Prints what it saw as one line of JSON.
const { promisify } = require("util");
const DDPClient = require("ddp");

async function until(condition) {
  for (let tries = 0; tries < 200 && !condition(); tries++) await new Promise((done) => setTimeout(done, 50));
  if (!condition()) throw new Error(`not reached: ${condition}`);
}

async function main() {
  const seen = {};
  const client = new DDPClient({ url: process.argv[2], ddpVersion: process.argv[3], autoReconnect: false });
  const subscribe = promisify(client.subscribe.bind(client));
  const call = promisify(client.call.bind(client));
  await promisify(client.connect.bind(client))();
  seen.version = client.ddpVersion;
  await subscribe("displays", []);
  seen.displays = Object.values(client.collections.displays);

  let id;
  await new Promise((done, fail) => {
    id = client.subscribe("streams", [], (error) => (error ? fail(error) : done()));
  });
  const fps = () => Object.values(client.collections.streams)[0].fps;
  const first = fps();
  await until(() => fps() > first);
  seen.streams = Object.keys(client.collections.streams).length;

  await subscribe("rooms/lobby", []);
  let updated = false;
  seen.reached = await new Promise((done, fail) => {
    const value = { when: new Date(1e12), data: new Uint8Array([1, 2, 3]) };
    client.call("publish", ["lobby", value], (error, result) => (error ? fail(error) : done(result)), () => { updated = true; });
  });
  await until(() => updated && client.collections.rooms);
  const { value } = client.collections.rooms.lobby;
  seen.room = { isDate: value.when instanceof Date, when: +value.when, data: [...value.data] };

  client.unsubscribe(id);
  await until(() => !Object.keys(client.collections.streams).length);
  seen.streamsAfter = Object.keys(client.collections.streams).length;
  seen.badSub = await subscribe("films", []).then(() => null, (error) => error);
  seen.badMethod = await call("fly", []).then(() => null, (error) => error);
  seen.audit = await subscribe("audit", []).then(() => null, (error) => error);
  client.close();
  console.log(JSON.stringify(seen));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
