/* SPDX-License-Identifier: Apache-2.0 */
/* output.js - one stream of a run: read by ranges, a bounded part of it in the page. */
import { bytes, element, shown } from "./parts.js";
import { read } from "./mcp.js";

const TAIL = 256 * 1024;       /* bytes of what is there already that are shown at once */
const STEP = 256 * 1024;       /* bytes in one question */
const SHOWN_MAX = 2 * 1024 * 1024; /* characters in the page: then what is oldest goes */
const BLOCK = 8 * 1024;        /* characters in one element: the browser lays out what is seen */

function bytesOf(content) {
    return content.blob !== undefined ? Uint8Array.from(atob(content.blob), sign => sign.charCodeAt(0))
        : new TextEncoder().encode(content.text);
}

/* What may go on in the next piece stays for it: a sequence that has no end yet, half a line end. */
const UNFINISHED = /(?:\x1b[^\x1b]{0,80}|\r)$/;
const FINISHED = /^\x1b(?:\[[0-?]*[ -\/]*[@-~]|[\]P^_X][^\x07\x1b]*\x07|[()*+].|[^[\]P^_X()*+])/s;

export class Stream {
    constructor(job, name) {
        this.job = job;
        this.name = name;
        this.pane = element("div", undefined, { class: "text" });
        this.from = null; /* of what is shown, in bytes; null: nothing was read */
        this.to = 0;
        this.total = 0;
        this.dropped = 0;
        this.characters = 0;
        this.held = "";
        this.decoder = new TextDecoder("utf-8");
    }

    async range(offset, length) {
        const content = await read(`job-stream://${this.job}?stream=${this.name}&offset=${offset}&length=${length}`);
        this.total = content._meta.total;
        this.dropped = content._meta.dropped ?? 0;
        return content;
    }

    /* All there is so far, `ended`: and ever will be. Whoever asks meanwhile waits: nothing is read twice. */
    catchUp(total, ended) {
        this.reading = (this.reading ?? Promise.resolve()).catch(() => {}).then(() => this.readOn(total, ended));
        return this.reading;
    }

    async readOn(total, ended) {
        this.total = Math.max(this.total, total);
        if (this.from === null) {
            this.from = this.to = Math.max(0, this.total - TAIL);
            this.cut = this.from > 0; /* maybe within a character */
        }
        while (this.to < this.total) {
            const content = await this.range(this.to, STEP), piece = bytesOf(content);
            if (piece.length === 0) break;
            const begin = this.cut ? piece.findIndex(byte => (byte & 0xc0) !== 0x80) : 0;
            this.cut = false;
            this.to += piece.length;
            this.append(this.decoder.decode(piece.subarray(Math.max(0, begin)), { stream: true }));
        }
        if (ended && this.to >= this.total) this.finish();
    }

    append(text) {
        text = this.held + text;
        const open = UNFINISHED.exec(text);
        this.held = open && !FINISHED.test(open[0]) ? open[0] : "";
        this.put(shown(text.slice(0, text.length - this.held.length)));
    }

    finish() {
        const rest = this.held + this.decoder.decode();
        this.held = "";
        this.put(shown(rest));
    }

    put(text) {
        this.characters += text.length;
        while (text) {
            let last = this.pane.lastElementChild;
            const full = !last || last.textContent.length >= BLOCK;
            if (full) {
                last = element("div", "", { class: "block" });
                this.pane.append(last);
            }
            /* Blocks end with lines, where lines end. */
            const room = Math.max(1, BLOCK - last.textContent.length), end = text.indexOf("\n", room);
            const take = text.length <= room ? text.length : end >= 0 && end < room + BLOCK ? end + 1 : room + BLOCK;
            last.firstChild ? last.firstChild.appendData(text.slice(0, take)) : last.append(text.slice(0, take));
            text = text.slice(take);
        }
        while (this.characters > SHOWN_MAX && this.pane.children.length > 1) {
            const first = this.pane.firstElementChild;
            this.characters -= first.textContent.length;
            this.from = Math.max(this.from, this.to - this.characters);
            first.remove();
        }
    }

    /* What is before that which is shown. */
    get earlier() { return this.from ?? 0; }

    async readEarlier() {
        const begin = Math.max(0, this.from - STEP);
        const piece = bytesOf(await this.range(begin, this.from - begin));
        this.from = begin;
        const text = shown(new TextDecoder().decode(piece));
        this.pane.prepend(element("div", text, { class: "block" }));
        this.characters += text.length;
    }

    get label() {
        return this.total > 0 ? bytes(this.total) : "";
    }

    get text() { return this.pane.textContent; }

    /* Every byte of it, as the script wrote them. */
    async whole() {
        const pieces = [];
        for (let at = 0; at < this.total;) {
            const piece = bytesOf(await this.range(at, STEP * 4));
            if (piece.length === 0) break;
            pieces.push(piece);
            at += piece.length;
        }
        return new Blob(pieces, { type: "application/octet-stream" });
    }
}
