// @ts-check
/** The board through time: while one moves through the days, counts and sums are those of the day; its cards come after. */

import { Player } from "./player.js";

const WAIT = 150;
const BEAT = 120;
const STEPS = 250;
const DAY = 86_400_000;

/** From a day on: how many deals a stage held, and what they were worth by currency. @typedef {[number, number, [string, string][]]} Held */

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const count = new Intl.NumberFormat(language);
const dayOf = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" });

/** @param {[string, string]} worth */
function money([currency, amount]) {
    const exact = Number(amount);
    const digits = Number.isInteger(exact) ? 0 : undefined;
    return new Intl.NumberFormat(language, { style: "currency", currency, minimumFractionDigits: digits }).format(exact);
}

class DaySlider extends HTMLElement {
    /** @type {Record<string, Held[]> | null} */ held = null;
    waits = 0;
    isHeld = false;

    connectedCallback() {
        const range = this.querySelector("input");
        const button = this.querySelector("button");
        if (!range || !button || this.range) return;
        this.range = range;
        this.first = Date.parse(this.dataset.first ?? "");
        /** @type {HTMLElement} */ (range.parentElement).hidden = false;
        button.hidden = !this.dataset.figures;
        const step = Math.max(1, Math.ceil(Number(range.max) / STEPS));
        this.player = new Player(button, BEAT, () => this.begins(), () => this.goes(this.at + step));
        range.addEventListener("input", () => this.goes(range.valueAsNumber));
        range.addEventListener("keydown", (event) => this.pressed(event));
        range.addEventListener("pointerdown", () => this.grabbed(true));
        for (const end of ["pointerup", "pointercancel"]) range.addEventListener(end, () => this.grabbed(false));
        this.addEventListener("htmx:before:response", (event) => this.answered(/** @type {CustomEvent} */ (event)));
        this.addEventListener("pointerenter", () => this.asks(), { once: true });
        this.addEventListener("focusin", () => this.asks(), { once: true });
        for (const link of this.links())
            link.addEventListener("click", (event) => this.stepped(event, Number(link.dataset.step)));
        this.told();
    }

    begins() {
        this.asks();
        if (this.at === this.last) this.goes(0);
    }

    disconnectedCallback() {
        this.player?.rests();
        clearTimeout(this.waits);
    }

    links() {
        return /** @type {HTMLAnchorElement[]} */ ([...this.querySelectorAll("a[data-step]")]);
    }

    get last() {
        return Number(this.range?.max);
    }

    get at() {
        return this.range?.valueAsNumber ?? 0;
    }

    /** A page is a week, and with Shift four. @param {KeyboardEvent} event */
    pressed(event) {
        this.player?.rests();
        const week = event.shiftKey ? 28 : 7;
        const to = { PageUp: this.at + week, PageDown: this.at - week }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        this.goes(to);
    }

    /** As long as it is held no cards are asked for. @param {boolean} isHeld */
    grabbed(isHeld) {
        this.player?.rests();
        this.isHeld = isHeld;
        if (!isHeld && document.getElementById("stages")?.inert) this.waited();
    }

    /** @param {MouseEvent} event @param {number} by */
    stepped(event, by) {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.player?.rests();
        this.goes(this.at + by);
    }

    /** Go to a day, and tell whether there is a further one. @param {number} to */
    goes(to) {
        const range = /** @type {HTMLInputElement} */ (this.range);
        range.valueAsNumber = Math.min(Math.max(to, 0), this.last);
        this.told();
        this.counted();
        const stages = document.getElementById("stages");
        // What is there is of another day: nothing can be done with it.
        if (stages) stages.inert = true;
        this.waited();
        return this.at < this.last;
    }

    waited() {
        clearTimeout(this.waits);
        if (!this.isHeld) this.waits = setTimeout(() => this.shows(), this.player?.timer ? 2 * BEAT : WAIT);
    }

    /** @param {number} at */
    isoOf(at) {
        return new Date((this.first ?? 0) + at * DAY).toISOString().slice(0, 10);
    }

    /** @param {number} at */
    addressOf(at) {
        const to = this.dataset.to ?? "";
        return at === this.last ? to : `${to}${to.includes("?") ? "&" : "?"}as_of=${this.isoOf(at)}`;
    }

    /** The day in words, and the steps to the ones beside it. */
    told() {
        const iso = this.isoOf(this.at);
        const year = iso.slice(0, 4) === this.isoOf(this.last).slice(0, 4) ? "" : ` ${iso.slice(0, 4)}`;
        const day = this.at === this.last ? (this.dataset.now ?? "") : dayOf.format(Date.parse(iso)) + year;
        const now = this.querySelector(".now");
        if (now) now.textContent = day;
        this.range?.setAttribute("aria-valuetext", day);
        for (const link of this.links()) {
            const to = this.at + Number(link.dataset.step);
            const isThere = to >= 0 && to <= this.last;
            link.ariaDisabled = isThere ? null : "true";
            if (isThere) link.href = this.addressOf(to);
            else link.removeAttribute("href");
        }
        const given = /** @type {HTMLInputElement | null} */ (document.getElementById("b-day"));
        if (given) given.value = this.at === this.last ? "" : iso;
    }

    /** What each stage held on the day, as far as that is known. */
    counted() {
        if (!this.held) return;
        for (const column of document.querySelectorAll("[data-stage]")) {
            const stage = /** @type {HTMLElement} */ (column).dataset.stage ?? "";
            const [, deals, worth] = this.held[stage]?.findLast(([day]) => day <= this.at) ?? [0, 0, []];
            const tab = document.querySelector(`[data-of="${CSS.escape(stage)}"]`);
            for (const place of [column, tab]) {
                const said = place?.querySelector(".count");
                if (said) said.textContent = count.format(deals);
            }
            const sums = column.querySelector(".sums");
            if (sums) sums.textContent = worth.map(money).join(" + ") || "—";
        }
    }

    /** Ask once what every day held. */
    async asks() {
        const from = this.dataset.figures;
        delete this.dataset.figures;
        if (!from) return;
        const answer = await fetch(from);
        if (!answer.headers.get("content-type")?.startsWith("application/json")) return;
        this.held = await answer.json();
        this.drawn();
        if (document.getElementById("stages")?.inert) this.counted();
    }

    /** All open deals, day by day, as a line behind the slider. */
    drawn() {
        /** @type {number[]} */ const more = Array(this.last + 1).fill(0);
        for (const stage of Object.values(this.held ?? {})) {
            let before = 0;
            for (const [day, deals] of stage) {
                if (day <= this.last) more[Math.max(day, 0)] += deals - before;
                before = deals;
            }
        }
        let open = 0;
        const all = more.map((change) => (open += change));
        const most = Math.max(...all, 1);
        const points = all.flatMap((deals, day) => [(100 * day) / this.last, 23 - (22 * deals) / most]);
        this.querySelector("polyline")?.setAttribute("points", points.map((each) => each.toFixed(2)).join(" "));
    }

    /** What cannot be shown in the place of the board is a page that says why. @param {CustomEvent} event */
    answered(event) {
        const { request, response } = event.detail.ctx;
        if (response.status < 400) return;
        event.preventDefault();
        location.assign(request.action);
    }

    /** Ask for the cards of the day; whatever was asked before is not waited for. */
    shows() {
        const to = this.addressOf(this.at);
        const htmx = /** @type {any} */ (window).htmx;
        const how = { source: this, target: "#stages", select: "#stages", selectOOB: "#ends", swap: "outerHTML", replace: "true" };
        if (htmx) htmx.ajax("GET", to, how);
        else location.assign(to);
    }
}

customElements.define("day-slider", DaySlider);
