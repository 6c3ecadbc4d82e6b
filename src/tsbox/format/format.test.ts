import { expect, test } from "bun:test";
import { parseTemplate } from "./parse.ts";
import { render } from "./render.ts";

const DOT = {
  Id: "abc",
  State: { Pid: 42, Running: true, Error: "" },
  Args: ["a", "b"],
  Env: {},
  Ports: { "80/tcp": [{ HostPort: "8080" }], "81/tcp": null },
};
const format = (template: string): string => render(parseTemplate(template), DOT);

for (const [template, text] of [
  ["{{.State.Pid}}", "42"],
  ["{{ .Id }} is {{if .State.Running}}up{{else}}down{{end}}", "abc is up"],
  ["{{if .State.Error}}bad{{end}}ok", "ok"],
  ["{{json .Args}}", '["a","b"]'],
  ["{{json .}}", JSON.stringify(DOT)],
  ["{{range .Args}}<{{.}}>{{end}}", "<a><b>"],
  ["{{range .Env}}x{{else}}none{{end}}", "none"],
  ['{{join .Args ","}}', "a,b"],
  ["{{len .Args}} {{len .Id}}", "2 3"],
  ["{{println .Id .State.Pid}}", "abc 42\n"],
  ["{{index .Args 1}}", "b"],
  ['{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"],
  ['{{index .Ports "9/tcp"}}', "<no value>"],
  ["{{.Args}} {{.State}}", "[a b] map[Error: Pid:42 Running:true]"],
  ["a  {{- .Id -}}  b", "aabcb"],
  ['{{println "}}" `x`}}', "}} x\n"],
] as const)
  test(`fills ${template}`, () => expect(format(template)).toBe(text));

for (const [template, error] of [
  ["{{upper .Id}}", /unknown: "upper"/],
  ["{{.Id | json}}", /unexpected: "|"/],
  ["{{$x := .Id}}", /"\$x"/],
  ["{{range $i, $v := .Args}}{{end}}", /"\$i"/],
  ["{{with .Id}}{{end}}", /unknown: "with"/],
  ['{{template "x"}}', /unknown: "template"/],
  ["{{.Nope}}", /no field "Nope"/],
  ["{{.Id.X}}", /no field "X" in what is no map/],
  ["{{.id}}", /no field "id"/],
  ["{{.Id", /}} is missing/],
  ["{{}}", /empty/],
  ["{{if .Id}}", /no {{end}}/],
  ["{{end}}", /without a beginning/],
  ["{{join .Args}}", /need 2 arguments/],
  ["{{index .Args 2}}", /no element 2/],
  ["{{(json .Id}}", /\) is missing/],
  ["{{.__proto__}}", /no field "__proto__"/],
  ["{{if .Id}}".repeat(40), /more than 32 levels/],
] as const)
  test(`refuses ${template.slice(0, 40)}`, () => expect(() => format(template)).toThrow(error));
