/* SPDX-License-Identifier: Apache-2.0 */
/* run.js - one run: how it stands, what it uses, its output as it comes, its end. */
import { changeRows, deniedRows, element, endTone, endWords, line, moreFacts, seconds, showList, showMeters,
         showPairs, showProgress, shown, usedAtEnd } from "./parts.js";
import { Readings } from "./curve.js";
import { Stream } from "./output.js";
import { call, read, readJson } from "./mcp.js";
import { isOpen, learn, runs, titleOf, toolWords } from "./runs.js";
import { $, choice, clock, problem, timeOf, Watch } from "./view.js";

const LOOK_MS = 500;
const STREAMS = ["stdout", "stderr"];

let run = null; /* {id, job, readings, streams, stream, ended} */

/* --- the head ------------------------------------------------------------------------------------------- */

function stateOf(job) {
    if (run.cancelling && isOpen(job)) return ["cancelling", "busy"];
    if (job.status === "pending")
        return [job.queue ? "waits, number " + job.queue.position : "waits for its turn", "busy"];
    if (job.status === "running") {
        const since = job.usage?.wall_seconds ?? (Date.now() - Date.parse(job.started_at)) / 1000;
        return ["running, " + seconds(Math.max(0, since)), "busy"];
    }
    const end = job.result ?? { status: job.status };
    return [endWords(end), endTone(end)];
}

function showHead(job) {
    const [words, tone] = stateOf(job), title = line(titleOf(job));
    $("run-title").textContent = title;
    $("run-state").textContent = words;
    $("run-state").dataset.tone = tone;
    $("run-cancel").hidden = !isOpen(job);
    $("run-cancel").disabled = Boolean(run.cancelling);
    const error = job.error && !(job.result?.status === "completed") ? job.error : "";
    $("run-error").hidden = !error;
    $("run-error").textContent = shown(error);
    showFacts(job);
    showProgress($("run-progress"), isOpen(job) ? job.progress : null);
}

function showFacts(job) {
    const id = element("button", job.id.slice(0, 8), { type: "button", class: "id", title: "Copy " + job.id });
    id.addEventListener("click", () => copy(job.id, id));
    const facts = [job.label ? toolWords(job.tool) : null, job.policy ? "policy " + line(job.policy) : null,
                   timeOf(job.created_at), clock(job.created_at), id].filter(Boolean);
    const focused = document.activeElement?.className === "id";
    $("run-facts").replaceChildren(...facts.flatMap((fact, i) => i ? [" · ", fact] : [fact]));
    if (focused) id.focus();
}

async function copy(text, button) {
    const was = button.textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = "copied"; }
    catch { button.textContent = "not allowed here"; }
    setTimeout(() => { button.textContent = was; }, 1200);
}

/* --- what it uses ------------------------------------------------------------------------------------------ */

function showUse(job) {
    const limits = job.result?.limits ?? job.limits, usage = job.usage;
    if (usage) run.readings.add({ at: usage.wall_seconds, cpu: usage.cpu_seconds, memory: usage.memory_mb });
    if (job.result?.samples?.length) run.readings = Readings.of(job.result.samples);
    run.readings.show($("run-charts"), limits);
    run.limits = limits;
    const used = job.result ? usedAtEnd(job.result) : !usage ? {} : {
        wall: usage.wall_seconds, cpu: usage.cpu_seconds, memory: run.readings.peak, processes: usage.processes,
        output: (job.output?.stdout_bytes ?? 0) + (job.output?.stderr_bytes ?? 0) };
    showMeters($("run-meters"), used, limits);
}

const PHASES = { queue: "waited", prepare: "environment", box: "box", interpreter: "interpreter", script: "script" };

/* What a job took beside its phases; of several runs nobody knows. */
function restOf(job, sum) {
    const took = (Date.parse(job.completed_at) - Date.parse(job.created_at)) / 1000;
    return sum > 0 && !(job.result?.runs?.length > 1) && took > sum ? took - sum : 0;
}

function phasesOf(job) {
    const phases = job.result?.usage?.phases ?? {};
    const rows = Object.entries(PHASES).map(([key, words]) => [key, words, phases[key]]).filter((row) => row[2] > 0);
    const rest = restOf(job, rows.reduce((sum, row) => sum + row[2], 0));
    return rest > 0 ? [...rows, ["rest", "the rest", rest]] : rows;
}

function showPhases(job) {
    const rows = phasesOf(job), box = $("run-phases");
    const sum = rows.reduce((before, row) => before + row[2], 0);
    box.hidden = rows.length === 0;
    if (box.hidden) return;
    const parts = rows.map(([key, words, took]) => {
        const part = element("i", undefined, { "data-phase": key, title: words + ", " + seconds(took) });
        part.style.flexGrow = 100 * took / sum; /* where all of them are less than 1, a part stays empty */
        return part;
    });
    box.querySelector(".phases").replaceChildren(...parts);
    box.querySelector(".legend").replaceChildren(...rows.map(([key, words, took]) => {
        const item = element("li", undefined, { "data-phase": key });
        item.append(words + " ", element("b", seconds(took)));
        return item;
    }));
}

/* --- its end ------------------------------------------------------------------------------------------------- */

function showEnd(job) {
    const result = job.result ?? {};
    showPhases(job);
    showList($("run-denied"), deniedRows(result));
    showList($("run-changes"), changeRows(result));
    $("run-more").hidden = !showPairs($("run-more").querySelector("dl"), moreFacts(result, job.id));
    showPicture(job);
}

/* A benchmark's chart is drawn when somebody asks for it: that is a run of its own. */
function showPicture(job) {
    const box = $("run-pictures"), asks = job.tool === "py_benchmark_script" && job.status === "completed";
    box.hidden = !asks;
    if (!asks || box.querySelector("button, img")) return;
    const button = element("button", "Draw it", { type: "button", class: "quiet" });
    button.addEventListener("click", async () => {
        button.disabled = true;
        try {
            const { blob, mimeType } = await read(`cordon://jobs/${job.id}/chart`);
            button.replaceWith(element("img", undefined, { src: `data:${mimeType};base64,${blob}`,
                                                           alt: "chart of the benchmark" }));
        } catch (error) { button.replaceWith(element("p", problem(error), { class: "error" })); }
    });
    box.append(button);
}

/* --- its output -------------------------------------------------------------------------------------------------- */

function showStreams() {
    const stream = run.streams[run.stream], pane = $("run-pane");
    choice($("run-streams"), STREAMS.map(name => [name, (name === "stdout" ? "Output" : "Errors")
        + (run.streams[name].label ? " " + run.streams[name].label : "")]), run.stream, value => {
        run.stream = value;
        showStreams();
        toEnd();
        document.querySelector("#run-streams [aria-pressed=true]").focus();
    });
    if (pane.firstChild !== stream.pane) pane.replaceChildren(stream.pane);
    pane.setAttribute("aria-label", run.stream === "stdout" ? "Output" : "Standard error");
    pane.dataset.empty = stream.text ? "" : run.job && isOpen(run.job) ? "nothing yet" : "nothing";
    const before = stream.earlier;
    $("run-earlier").hidden = before === 0;
    $("run-earlier").textContent = `Show earlier output (${before.toLocaleString()} bytes)`;
    $("run-save").hidden = stream.total === 0;
    $("run-copy").hidden = stream.total === 0;
}

function toEnd() {
    const pane = $("run-pane");
    if ($("run-follow").checked) pane.scrollTop = pane.scrollHeight;
}

async function readOutput(job) {
    for (const name of STREAMS)
        await run.streams[name].catchUp(job.output?.[name + "_bytes"] ?? 0, !isOpen(job));
    /* What went wrong is what people look for: where there is nothing else it is shown at once. */
    if (!run.picked && run.streams.stdout.total === 0 && run.streams.stderr.total > 0) run.stream = "stderr";
}

/* --- its life ----------------------------------------------------------------------------------------------------- */

const watch = new Watch(async () => {
    const mine = run, { job } = await readJson("cordon://jobs/" + mine.id);
    if (mine !== run) return null;
    run.job = job;
    showHead(job);
    showUse(job);
    $("run-body").hidden = false;
    document.querySelector("#run .nothing").hidden = true;
    await readOutput(job);
    if (mine !== run) return null;
    showStreams();
    toEnd();
    if (isOpen(job)) return LOOK_MS;
    showEnd(job);
    learn(job);
    return null;
}, error => {
    if (error.kind === "offline" || error.kind === "token" || error.kind === "slow") return;
    say(problem(error));
    watch.end();
});

function say(words) {
    const place = document.querySelector("#run .nothing");
    place.textContent = words;
    place.hidden = !words;
    $("run-body").hidden = true;
}

export function openRun(id) {
    if (run?.id === id) { watch.begin(); return; }
    run = { id, job: null, readings: new Readings(), stream: "stdout",
            streams: Object.fromEntries(STREAMS.map(name => [name, new Stream(id, name)])) };
    for (const part of ["run-phases", "run-denied", "run-changes", "run-pictures", "run-more", "run-charts"])
        $(part).hidden = true;
    $("run-pictures").replaceChildren($("run-pictures").firstElementChild);
    $("run-meters").replaceChildren();
    say("Reading …");
    watch.begin();
}

export function closeRun() {
    watch.end();
    run = null;
    say("");
}

export function rest() { watch.end(); }

function complain(error) {
    $("run-error").hidden = false;
    $("run-error").textContent = problem(error);
}

/* --- its controls ----------------------------------------------------------------------------------------------- */

$("run-cancel").addEventListener("click", () => {
    $("sure-what").textContent = line(titleOf(run.job)) + " and all its processes end at once. "
        + "What it has written so far stays.";
    $("sure").returnValue = "";
    $("sure").dataset.job = run.id;
    $("sure").showModal();
});

$("sure").addEventListener("close", async () => {
    if ($("sure").returnValue !== "yes" || run?.id !== $("sure").dataset.job) return;
    const mine = run;
    mine.cancelling = true;
    showHead(mine.job);
    try { await call("py_cancel_job", { job_id: mine.id }); }
    catch (error) { if (mine === run) complain(error); }
    mine.cancelling = false;
    if (mine === run) watch.begin();
    runs.begin();
});

$("run-streams").addEventListener("click", () => { run.picked = true; });
$("run-wrap").addEventListener("change", event => $("run-pane").classList.toggle("long", !event.target.checked));
$("run-follow").addEventListener("change", toEnd);
/* Who scrolls back reads; who scrolls to the end follows. */
$("run-pane").addEventListener("scroll", () => {
    const pane = $("run-pane");
    if (run?.job && isOpen(run.job))
        $("run-follow").checked = pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 8;
});
$("run-copy").addEventListener("click", () => copy(run.streams[run.stream].text, $("run-copy")));
$("run-save").addEventListener("click", async () => {
    const stream = run.streams[run.stream];
    let address;
    try { address = URL.createObjectURL(await stream.whole()); } catch (error) { complain(error); return; }
    element("a", undefined, { href: address, download: `${stream.job}.${stream.name}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
});
$("run-earlier").addEventListener("click", async () => {
    const pane = $("run-pane"), high = pane.scrollHeight;
    $("run-follow").checked = false;
    try { await run.streams[run.stream].readEarlier(); } catch (error) { complain(error); return; }
    showStreams();
    pane.scrollTop += pane.scrollHeight - high;
});

let wide = 0;
new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === wide) return;
    wide = entry.contentRect.width;
    run?.readings.show($("run-charts"), run.limits);
}).observe($("run"));
