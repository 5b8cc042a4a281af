/* SPDX-License-Identifier: Apache-2.0 */
/* runs.js - the list of runs, those of now and those before. */
import { element, endTone, endWords, line, seconds } from "./parts.js";
import { call, readJson } from "./mcp.js";
import { $, choice, problem, renew, row, timeOf, Watch } from "./view.js";

const STEP = 50, MOST = 1000;
const SOON_MS = 2000, LATER_MS = 3000;
const KNOWN_MAX = 500; /* ends that are remembered */

const FILTERS = [["", "All"], ["running", "Running"], ["failed", "Failed"]];

const TOOLS = {
    py_run_script_in_dir: "Script in a directory", py_run_script_with_dependencies: "Script",
    py_benchmark_script: "Benchmark", py_run_saved_script: "Saved script",
};

export function toolWords(tool) { return TOOLS[tool] ?? tool ?? "Run"; }
export function titleOf(job) { return job.label || toolWords(job.tool); }
export function isOpen(job) { return job.status === "pending" || job.status === "running"; }

const list = { jobs: [], total: 0, limit: STEP, filter: "", find: "", chosen: null, error: null, ends: new Map() };

/* "runs", with them as its detail, whenever they were read. */
export const heard = new EventTarget();

/* --- words ------------------------------------------------------------------------------------------ */

const SIGNS = { pending: "waiting", running: "running", completed: "completed", failed: "failed", cancelled: "cancelled" };

export function toneOf(job) {
    if (isOpen(job)) return job.status === "running" ? "busy" : "";
    const end = list.ends.get(job.id);
    if (job.status === "completed") return end ? endTone(end) : "good";
    return job.status === "failed" ? "bad" : "";
}

function signOf(job) {
    return job.status === "completed" && toneOf(job) === "bad" ? "failed" : SIGNS[job.status];
}

/* "failed" of a record says that something else ended it, which is said; of one that ended by itself
 * with an error its exit status is. */
export function wordsOf(job) {
    const end = list.ends.get(job.id);
    if (job.status === "pending") return job.progress?.message ? line(job.progress.message) : "waiting";
    if (job.status === "running") return progressWords(job.progress) ?? "running";
    return end ? endWords(end) : job.status === "completed" ? "ended" : job.status;
}

function progressWords(progress) {
    if (!progress) return null;
    const part = progress.total > 0 ? Math.floor(100 * progress.current / progress.total) + " %" : "";
    return [part, line(progress.message)].filter(Boolean).join(" ") || null;
}

function lasted(job) {
    if (!job.started_at) return "";
    const end = isOpen(job) ? Date.now() : Date.parse(job.completed_at);
    return seconds(Math.max(0, (end - Date.parse(job.started_at)) / 1000));
}

/* --- the list ------------------------------------------------------------------------------------------ */

function wanted(job) {
    if (list.filter === "running" && !isOpen(job)) return false;
    if (list.filter === "failed" && toneOf(job) !== "bad") return false;
    const words = list.find.trim().toLowerCase();
    return !words || [job.label, toolWords(job.tool), job.tool, job.policy, job.id, job.status, job.error]
        .some(text => text?.toLowerCase().includes(words));
}

function rowOf(job) {
    return row({ href: "#/runs/" + encodeURIComponent(job.id), key: job.id, tone: toneOf(job), sign: signOf(job),
                 title: titleOf(job), aside: lasted(job), current: job.id === list.chosen,
                 under: [wordsOf(job), job.label ? toolWords(job.tool) : null,
                         job.policy && job.policy !== "default" ? line(job.policy) : null, timeOf(job.created_at)] });
}

function heading(words) { return element("li", words, { class: "group", "data-key": words }); }

function count() {
    const running = list.jobs.filter(job => job.status === "running").length;
    const waiting = list.jobs.filter(job => job.status === "pending").length;
    const now = [running ? running + " running" : "", waiting ? waiting + " waiting" : ""].filter(Boolean);
    const before = list.total - running - waiting;
    document.title = running ? `(${running}) cordon` : "cordon";
    return [...now, now.length ? `${before} before` : before === 1 ? "1 run" : `${before} runs`].join(", ");
}

function empty(rows) {
    if (list.error) return problem(list.error);
    if (rows > 0) return "";
    if (list.total > 0) return "No run among the newest " + list.jobs.length + " is like that.";
    return "Nothing has run yet. What a client runs is here when it takes a moment; cordon run --job is always.";
}

export function showRuns() {
    const jobs = list.jobs.filter(wanted), open = jobs.filter(isOpen), ended = jobs.filter(job => !isOpen(job));
    const both = open.length > 0 && ended.length > 0;
    renew($("runs-list"), [...(both ? [heading("Now")] : []), ...open.map(rowOf),
                           ...(both ? [heading("Before")] : []), ...ended.map(rowOf)]);
    const words = empty(jobs.length);
    $("runs-empty").textContent = words;
    $("runs-empty").hidden = !words;
    const said = count();
    if ($("runs-count").textContent !== said) $("runs-count").textContent = said;
    $("runs-more").hidden = list.jobs.length >= list.total || list.limit >= MOST;
    choice($("runs-filter"), FILTERS, list.filter, value => {
        list.filter = value;
        showRuns();
        document.querySelector("#runs-filter [aria-pressed=true]").focus();
    });
}

/* How a script ended is in its result: read once for each that is listed, one after the other. */
async function learnEnds() {
    for (const job of list.jobs.filter(job => job.status !== "cancelled" && !isOpen(job) && !list.ends.has(job.id))) {
        if (!watch.begun || document.hidden) return;
        try { learn((await readJson("cordon://jobs/" + job.id)).job); }
        catch (error) {
            if (error.kind) throw error;
            learn(job); /* pruned meanwhile */
        }
    }
}

export function learn(job) {
    const { end, exit_code, signal, status } = job.result ?? { status: job.status };
    list.ends.set(job.id, { end, exit_code, signal, status });
    if (list.ends.size > KNOWN_MAX) list.ends.delete(list.ends.keys().next().value);
}

const watch = new Watch(async () => {
    const { jobs, total } = await call("py_list_jobs", { limit: list.limit });
    Object.assign(list, { jobs, total, error: null });
    showRuns();
    await learnEnds();
    showRuns();
    heard.dispatchEvent(new CustomEvent("runs", { detail: jobs }));
    return jobs.some(isOpen) ? SOON_MS : LATER_MS;
}, error => {
    if (error.kind === "offline" || error.kind === "token" || error.kind === "slow") return;
    list.error = error;
    showRuns();
});

export function choose(id) {
    list.chosen = id;
    showRuns();
}

export const runs = { begin: () => watch.begin(), end: () => watch.end() };

$("runs-find").addEventListener("input", event => { list.find = event.target.value; showRuns(); });
$("runs-more").addEventListener("click", () => { list.limit = Math.min(MOST, list.limit + STEP * 2); watch.begin(); });
