/* SPDX-License-Identifier: Apache-2.0 */
/* library.js - saved scripts, and policies that may be named: what there is, and each in full. */
import { element, line, showPairs, shown } from "./parts.js";
import { call, read, readJson } from "./mcp.js";
import { $, LIMITS, problem, renew, row } from "./view.js";

/* --- what both do ------------------------------------------------------------------------------------------ */

function showRows(name, rows, words, nothing) {
    renew($(name + "-list"), rows);
    $(name + "-count").textContent = words;
    $(name + "-empty").hidden = rows.length > 0;
    $(name + "-empty").textContent = nothing;
}

function showProblem(name, error) {
    if (error.kind === "offline" || error.kind === "token") return;
    showRows(name, [], "", problem(error));
}

function head(place, back, title, ...acts) {
    const header = element("header", undefined, { class: "title" });
    header.append(element("h1", line(title)), ...acts);
    place.replaceChildren(element("a", back[1], { class: "back", href: back[0] }), header);
}

function pane(text, name) {
    const box = element("div", undefined, { class: "pane tall", tabindex: "0", role: "region", "aria-label": name });
    box.append(element("div", shown(text), { class: "text" }));
    return box;
}

function nothing(place, words) { place.replaceChildren(element("p", words, { class: "empty nothing" })); }

/* --- saved scripts ------------------------------------------------------------------------------------------- */

/* What is wanted of a header, as its TOML says it; it is only shown. */
function needs(header) {
    const list = /^dependencies\s*=\s*\[([^\]]*)\]/ms.exec(header ?? "");
    return list ? [...list[1].matchAll(/"([^"]*)"|'([^']*)'/g)].map(match => match[1] ?? match[2]) : [];
}

export async function showScripts(name) {
    try {
        const { scripts, total } = await call("py_list_scripts");
        showRows("scripts", scripts.map(script => row({
            href: "#/scripts/" + encodeURIComponent(script.name), key: script.name, title: script.name, current: script.name === name,
            under: [line(script.docstring?.trim().split("\n")[0]) || "no docstring", needs(script.header).map(line).join(", ")],
        })), total === 1 ? "1 saved script" : total + " saved scripts",
            "Nothing is saved yet. py_save_script keeps a script, and so does cordon scripts save NAME FILE.");
        const script = scripts.find(one => one.name === name);
        if (!name) nothing($("script"), scripts.length ? "Choose a script to read it, or to run it." : "");
        else if (script) await showScript(script);
        else nothing($("script"), "There is no saved script of that name.");
    } catch (error) { showProblem("scripts", error); }
}

async function showScript(script) {
    const { text } = await read("cordon://scripts/" + script.name);
    const button = element("button", "Run it", { type: "button", class: "main", id: "script-run" });
    const wrong = element("p", "", { class: "error", role: "alert", hidden: "" });
    button.addEventListener("click", async () => {
        button.disabled = true;
        try {
            const { job_id } = await call("py_run_saved_script",
                { script_name: script.name, async_mode: true, job_label: script.name });
            location.hash = "#/runs/" + job_id;
        } catch (error) {
            button.disabled = false;
            wrong.hidden = false;
            wrong.textContent = problem(error);
        }
    });
    head($("script"), ["#/scripts", "All scripts"], script.name, button);
    const facts = element("dl", undefined, { class: "pairs" });
    showPairs(facts, [["about", script.docstring?.trim()], ["packages", needs(script.header).join(", ")], ["file", script.path]]);
    $("script").append(wrong, facts, pane(text, "Source"));
}

/* --- policies --------------------------------------------------------------------------------------------------- */

function networkWords(network) {
    if (!network || network === "none") return "none";
    return (network.hosts ?? []).join(", ") + (network.private ? ", private addresses too" : "");
}

export async function showPolicies(name) {
    try {
        const { policies, default: first } = await readJson("cordon://policies");
        showRows("policies", policies.map(policy => row({
            href: "#/policies/" + encodeURIComponent(policy.name), key: policy.name, title: policy.name, current: policy.name === name,
            aside: policy.name === first ? "by default" : "",
            under: [policy.error ? line(policy.error) : line(policy.purpose)],
        })), policies.length === 1 ? "1 policy may be named" : policies.length + " policies may be named",
            "No policy may be named here.");
        const policy = policies.find(one => one.name === name);
        if (!name) nothing($("policy"), "Choose a policy to see what it allows.");
        else if (policy) await showPolicy(policy);
        else nothing($("policy"), "There is no policy of that name, or it may not be named here.");
    } catch (error) { showProblem("policies", error); }
}

const MODES = { none: "none", ro: "read only", rw: "read and written in place",
                "overlay-keep": "a layer above it takes the changes, which are applied at the end",
                "overlay-discard": "a layer above it takes the changes, which are thrown away" };

async function showPolicy(policy) {
    head($("policy"), ["#/policies", "All policies"], policy.name);
    const facts = element("dl", undefined, { class: "pairs wide" });
    showPairs(facts, [["network", networkWords(policy.network)], ["workspace", MODES[policy.workspace?.mode ?? "none"] ?? policy.workspace.mode],
        ["protected in it", (policy.workspace?.protect ?? []).join(" ")]]);
    const limits = element("dl", undefined, { class: "pairs wide" });
    showPairs(limits, Object.entries(policy.limits ?? {}).map(([key, value]) => [LIMITS[key] ?? key, value]));
    $("policy").append(element("p", line(policy.purpose ?? policy.error), { class: "lead" }), element("h2", "What it opens"),
        facts, element("h2", "Limits"), limits, element("h2", "The whole file"));
    $("policy").append(pane((await read("cordon://policies/" + policy.name)).text, "The policy's file"));
}
