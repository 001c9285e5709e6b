// npm's simpleddp at the display's Meteor wire: node simpleddp.js URL. Prints what it saw as one line of JSON.
const simpleDDP = require("simpleddp");
const ws = require("ws");

// simpleddp waits for nosub in a promise of its own, whose rejection nobody can handle.
process.on("unhandledRejection", () => {});

async function until(condition) {
  for (let tries = 0; tries < 200 && !condition(); tries++) await new Promise((done) => setTimeout(done, 50));
  if (!condition()) throw new Error(`not reached: ${condition}`);
}

async function main() {
  const seen = {};
  const server = new simpleDDP({ endpoint: process.argv[2], SocketConstructor: ws, autoReconnect: false });
  await server.connect();
  await server.subscribe("displays").ready();
  seen.displays = server.collection("displays").fetch();

  const streams = server.subscribe("streams");
  await streams.ready();
  const fps = () => server.collection("streams").fetch()[0].fps;
  const first = fps();
  await until(() => fps() > first);
  seen.streams = server.collection("streams").fetch().length;

  const room = server.subscribe("rooms/lobby");
  await room.ready();
  seen.reached = await server.call("publish", "lobby", { when: new Date(1e12), data: new Uint8Array([1, 2, 3]) });
  await until(() => server.collection("rooms").fetch().length);
  const { value } = server.collection("rooms").fetch()[0];
  seen.room = { isDate: value.when instanceof Date, when: +value.when, data: [...value.data] };

  await streams.stop();
  await until(() => !server.collection("streams").fetch().length);
  seen.streamsAfter = server.collection("streams").fetch().length;
  seen.badSub = await server.subscribe("films").ready().then(() => null, (error) => error);
  seen.badMethod = await server.call("fly").then(() => null, (error) => error);
  seen.audit = await server.subscribe("audit").ready().then(() => null, (error) => error);
  await server.disconnect();
  console.log(JSON.stringify(seen));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
