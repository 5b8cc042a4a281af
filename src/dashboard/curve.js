/* SPDX-License-Identifier: Apache-2.0 */
/* curve.js - CPU and memory of a run over time. Of the dashboard, and word for word within the page
 * that clients show, where parts.js comes before it: it may import nothing else. */
import { element, megabytes, seconds } from "./parts.js";

const HIGH = 96, LEFT = 34, BOTTOM = 14, TOP = 6;
const POINTS_MAX = 600; /* of a curve; then every second one goes */

/* Readings of one run: rows of {at, cores, memory}. */
export class Readings {
    rows = [];
    peak = 0;

    /* `at` and `cpu` in seconds since its start, `memory` in MB at that moment. */
    add({ at, cpu, memory }) {
        const last = this.rows.at(-1);
        if (last && at < last.at) { this.rows = []; this.peak = 0; } /* another run of several */
        if (last && at === last.at) return;
        const from = this.rows.at(-1) ?? { at: 0, cpu: 0 };
        const cores = at > from.at ? Math.max(0, (cpu - from.cpu) / (at - from.at)) : 0;
        this.peak = Math.max(this.peak, memory);
        this.rows.push({ at, cpu, memory, cores });
        if (this.rows.length > POINTS_MAX) this.rows = this.rows.filter((_, i) => i % 2 === 0);
    }

    /* The samples of a benchmark's result. */
    static of(samples) {
        const readings = new Readings();
        for (const row of samples)
            readings.add({ at: row.time_seconds, cpu: row.cpu_seconds, memory: row.memory_mb });
        return readings;
    }

    show(box, limits) {
        box.hidden = this.rows.length < 2;
        if (box.hidden) return;
        draw(box.querySelector(".cpu"), this.rows, row => row.cores,
            { print: value => value.toFixed(2) + " cores", least: 0.1 });
        draw(box.querySelector(".memory"), this.rows, row => row.memory,
            { print: megabytes, least: 1, limit: limits?.memory_mb });
    }
}

function svg(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
}

/* The next 1, 2 or 5 times a power of ten. */
function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map(step => step * power).find(step => step >= value * 0.999);
}

function short(value) {
    return value >= 1000 ? +(value / 1000).toFixed(1) + "k" : String(+value.toPrecision(2));
}

/* Who came late to a run sees it from there on. */
const LATE_S = 2;

function draw(figure, rows, of, { print, least, limit }) {
    const values = rows.map(of), wide = figure.clientWidth, last = rows.at(-1).at;
    const from = rows[0].at > LATE_S ? rows[0].at : 0;
    const most = Math.max(...values);
    /* A limit is drawn where it is near enough to matter. */
    const near = limit > 0 && most > limit / 4;
    const top = near ? Math.max(limit * 1.05, most) : roundUp(Math.max(most, least));
    const x = at => LEFT + (wide - LEFT) * (last > from ? (at - from) / (last - from) : 0);
    const y = value => TOP + (HIGH - TOP - BOTTOM) * (1 - value / top);
    const name = figure.querySelector("h2").textContent;
    const box = svg("svg", { viewBox: `0 0 ${wide} ${HIGH}`, role: "img", "aria-label":
        `${name}: ${print(values.at(-1))} after ${seconds(last)}, at most ${print(most)}` });
    for (const value of [0, near ? limit : top]) {
        box.append(svg("line", { x1: LEFT, x2: wide, y1: y(value), y2: y(value),
                                 class: near && value ? "limit" : "grid" }));
        box.append(svg("text", { x: LEFT - 4, y: y(value) + 3, "text-anchor": "end" }, short(value)));
    }
    box.append(svg("text", { x: LEFT, y: HIGH - 2 }, from ? seconds(from) : "0"));
    box.append(svg("text", { x: wide, y: HIGH - 2, "text-anchor": "end" }, seconds(last)));
    const path = rows.map((row, i) => `${x(row.at).toFixed(1)},${y(values[i]).toFixed(1)}`);
    const first = x(rows[0].at);
    box.append(svg("polygon", { class: "area",
        points: `${first},${y(0)} ${path.join(" ")} ${x(last)},${y(0)}` }));
    box.append(svg("polyline", { class: "curve", points: path.join(" ") }));
    point(figure, box, rows, values, print, x, y);
    figure.querySelector("svg")?.remove();
    figure.querySelector("output").textContent = print(values.at(-1));
    figure.append(box);
}

/* The pointer asks the curve: a line, a dot, and the value in the caption. */
function point(figure, box, rows, values, print, x, y) {
    const line = svg("line", { y1: TOP, y2: HIGH - BOTTOM, class: "cursor", visibility: "hidden" });
    const dot = svg("circle", { r: 3.5, visibility: "hidden" });
    const said = figure.querySelector("output");
    box.append(line, dot);
    box.addEventListener("pointermove", event => {
        const at = event.clientX - box.getBoundingClientRect().left;
        let best = 0;
        rows.forEach((row, i) => {
            if (Math.abs(x(row.at) - at) < Math.abs(x(rows[best].at) - at)) best = i;
        });
        const row = rows[best];
        for (const [mark, names] of [[line, ["x1", "x2"]], [dot, ["cx"]]]) {
            names.forEach(name => mark.setAttribute(name, x(row.at)));
            mark.setAttribute("visibility", "visible");
        }
        dot.setAttribute("cy", y(values[best]));
        said.textContent = print(values[best]) + " at " + seconds(row.at);
    });
    box.addEventListener("pointerleave", () => {
        line.setAttribute("visibility", "hidden");
        dot.setAttribute("visibility", "hidden");
        said.textContent = print(values.at(-1));
    });
}
