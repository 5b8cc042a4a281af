/* SPDX-License-Identifier: Apache-2.0 */
/* host.js - what this host can enforce. */
import { element, line } from "./parts.js";
import { readJson, server } from "./mcp.js";
import { $, LIMITS, problem } from "./view.js";

const LAYERS = {
    user: "user namespace", mount: "mount namespace", pid: "process namespace", ipc: "IPC namespace",
    uts: "host name namespace", cgroup_ns: "control group namespace", net: "network namespace", time: "time namespace",
    seccomp: "filter of system calls", landlock: "Landlock", capabilities: "no capabilities",
    no_new_privileges: "no new privileges", rlimits: "resource limits", egress: "way out to named hosts",
};

/* [tone, word, what is said beside it] */
function verdictOf(value, advised) {
    const [, word, rest] = /^(\w+)(.*)$/s.exec(value), said = rest.replace(/^:? /, "").replace(/^\((.*)\)$/s, "$1");
    if (word === "abi") return ["good", "on", "version " + said];
    if (word === "on" || word === "enforced") return ["good", word, said];
    if (word === "approximated") return ["", word, said];
    return [/nothing to do/.test(advised ?? "") ? "" : "bad", word, said];
}

function tableOf(title, names, check) {
    const table = element("table"), body = element("tbody");
    table.append(element("caption", title));
    for (const [key, value] of names) {
        const advised = check.advice?.[key], [tone, word, said] = verdictOf(String(value), advised);
        const place = element("tr"), state = element("td"), what = element("td", line(said));
        const name = key.replace(/^limits\./, "");
        place.append(element("th", LAYERS[key] ?? LIMITS[name] ?? name, { scope: "row" }));
        state.append(element("span", word, { class: "state still", "data-tone": tone }));
        if (advised) what.append(element("small", line(advised)));
        place.append(state, what);
        body.append(place);
    }
    table.append(body);
    return table;
}

export async function showHost() {
    const place = $("host");
    try {
        const check = await readJson("cordon://check"), { name, version } = await server();
        const rows = Object.entries(check.layers ?? {});
        const isLimit = ([key]) => key.startsWith("limits.");
        const again = element("button", "Look again", { type: "button", class: "quiet", id: "host-again" });
        again.addEventListener("click", () => { again.disabled = true; showHost(); });
        const header = element("header", undefined, { class: "title" });
        header.append(element("h1", check.ok ? "This host enforces what the policy asks" : "This host lacks something"),
            element("span", "policy " + line(check.policy), { class: "state", "data-tone": check.ok ? "good" : "bad" }), again);
        place.replaceChildren(header);
        if (check.error) place.append(element("p", line(check.error), { class: "error" }));
        const tables = element("div", undefined, { class: "tables" });
        tables.append(tableOf("Isolation", rows.filter(one => !isLimit(one)), check),
                      tableOf("Limits", rows.filter(isLimit), check));
        const us = [name, version].filter(Boolean).map(line).join(" ");
        place.append(tables, element("p", (us ? us + "; " : "") + "clients reach it at "
            + new URL("mcp", document.baseURI).href, { class: "facts" }));
    } catch (error) {
        if (error.kind === "offline" || error.kind === "token") return;
        place.replaceChildren(element("p", problem(error), { class: "empty" }));
    }
}
