/**
 * A name server that answers every question with one code: `name-server.ts ADDRESS CODE [NAME]`. With a name, questions for that one
 * are answered well. Prints "ready"; code -1 is silence.
 */
import { createSocket } from "node:dgram";

const [address = "0.0.0.0", code = "0", known] = process.argv.slice(2);
const labels = known?.split(".").map((label) => `${String.fromCharCode(label.length)}${label}`);
const wire = labels && Buffer.from(`${labels.join("")}\0`, "latin1");

const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
socket.on("message", (question, { port, address: from }) => {
  if (code === "-1" || question.length < 12) return;
  const answer = Buffer.from(question);
  const isKnown = wire !== undefined && question.subarray(12, 12 + wire.length).equals(wire);
  answer[2] = 0x81;
  answer[3] = 0x80 | (isKnown ? 0 : Number(code));
  socket.send(answer, port, from);
});
socket.bind(53, address, () => console.log("ready"));
