// @ts-check
/** The strip of a card's facts as a slider: keys, a pointer and a button go from fact to fact, the card follows. */

import { Player } from "./player.js";

const BEAT = 900;

class TimeSlider extends HTMLElement {
    /** @type {SVGLineElement[]} */ ticks = [];
    at = -1;
    drawnAt = -1;
    asks = false;

    connectedCallback() {
        if (this.ticks.length) return;
        this.ticks = [...this.querySelectorAll(/** @type {"line"} */ ("line.tick"))];
        this.rail = /** @type {HTMLElement} */ (this.querySelector(".rail"));
        this.thumb = /** @type {SVGCircleElement} */ (this.querySelector(".thumb"));
        this.gone = this.querySelector(".gone");
        this.button = /** @type {HTMLButtonElement} */ (this.querySelector(".play"));
        this.player = new Player(this.button, BEAT, () => this.begins(), () => this.goesOn());
        this.at = this.drawnAt = Number(this.dataset.at);
        this.button.hidden = this.ticks.length < 2;
        const told = { role: "slider", tabindex: "0", "aria-label": this.dataset.label ?? "", "aria-valuemin": "1" };
        for (const [name, value] of Object.entries({ ...told, "aria-valuemax": String(this.ticks.length) }))
            this.rail.setAttribute(name, value);
        this.rail.addEventListener("keydown", (event) => this.pressed(event));
        this.rail.addEventListener("pointerdown", (event) => this.grabbed(event));
        this.rail.addEventListener("pointermove", (event) => this.dragged(event));
        for (const step of this.steps())
            step.addEventListener("click", (event) => this.stepped(event, step.dataset.step === "later" ? 1 : -1));
        this.drawn();
    }

    disconnectedCallback() {
        this.rests();
    }

    steps() {
        return /** @type {HTMLAnchorElement[]} */ ([...this.querySelectorAll("[data-step]")]);
    }

    /** @param {KeyboardEvent} event */
    pressed(event) {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const last = this.ticks.length - 1;
        /** @type {Record<string, () => void>} */
        const keys = {
            ArrowLeft: () => this.goes(this.at - 1),
            ArrowDown: () => this.goes(this.at - 1),
            ArrowRight: () => this.goes(this.at + 1),
            ArrowUp: () => this.goes(this.at + 1),
            PageUp: () => this.goes(this.dayAfter()),
            PageDown: () => this.goes(this.dayBefore()),
            Home: () => this.goes(0),
            End: () => this.goes(last),
            " ": () => this.button?.click(),
        };
        const does = keys[event.key];
        if (!does) return;
        event.preventDefault();
        event.stopPropagation();
        if (event.key !== " ") this.rests();
        does();
    }

    /** The first fact of the next day that has one. */
    dayAfter() {
        const day = this.ticks[this.at]?.dataset.day ?? "";
        const found = this.ticks.findIndex((tick) => (tick.dataset.day ?? "") > day);
        return found < 0 ? this.ticks.length - 1 : found;
    }

    /** The last fact of the day before. */
    dayBefore() {
        const day = this.ticks[this.at]?.dataset.day ?? "";
        return this.ticks.findLastIndex((tick) => (tick.dataset.day ?? "") < day);
    }

    /** @param {MouseEvent} event @param {number} by */
    stepped(event, by) {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.rests();
        this.goes(this.at + by);
    }

    /** @param {PointerEvent} event */
    grabbed(event) {
        if (event.button !== 0) return;
        this.rests();
        this.rail?.setPointerCapture(event.pointerId);
        this.dragged(event);
    }

    /** @param {PointerEvent} event */
    dragged(event) {
        if (!this.rail?.hasPointerCapture(event.pointerId)) return;
        // Each tick is as far from the next one.
        const first = this.ticks[0].getBoundingClientRect().x;
        const whole = this.ticks[this.ticks.length - 1].getBoundingClientRect().x - first;
        this.goes(Math.round(((event.clientX - first) / (whole || 1)) * (this.ticks.length - 1)));
    }

    /** @param {number} place */
    goes(place) {
        const to = Math.min(Math.max(place, 0), this.ticks.length - 1);
        if (to === this.at) return;
        this.at = to;
        this.drawn();
        if (!this.asks) this.shows();
    }

    begins() {
        if (this.at === this.ticks.length - 1) this.goes(0);
    }

    goesOn() {
        this.goes(this.at + 1);
        return this.at < this.ticks.length - 1;
    }

    rests() {
        this.player?.rests();
    }

    /** The strip as it is at this fact; the card comes after it. */
    drawn() {
        const now = this.ticks[this.at];
        const [from, upto] = this.at < this.drawnAt ? [this.at, this.drawnAt] : [this.drawnAt, this.at];
        for (let place = from + 1; place <= upto; place++) this.ticks[place].classList.toggle("was", place <= this.at);
        this.drawnAt = this.at;
        const left = now?.getAttribute("x1") ?? "0";
        this.thumb?.setAttribute("cx", left);
        this.gone?.setAttribute("x2", left);
        this.rail?.setAttribute("aria-valuenow", String(Math.max(this.at + 1, 1)));
        this.rail?.setAttribute("aria-valuetext", now?.dataset.told ?? "—");
        for (const step of this.steps()) {
            const to = this.ticks[this.at + (step.dataset.step === "later" ? 1 : -1)]?.dataset.to;
            if (to) step.setAttribute("href", to);
            else step.removeAttribute("href");
            if (to) step.removeAttribute("aria-disabled");
            else step.setAttribute("aria-disabled", "true");
        }
        const day = /** @type {HTMLInputElement | null} */ (document.querySelector(".moment [name=as_of]"));
        if (day && now?.dataset.day) day.value = now.dataset.day;
    }

    /** Ask for the card at this fact, one card at a time: of the facts that are passed meanwhile for the last one. */
    async shows() {
        const htmx = /** @type {any} */ (window).htmx;
        const how = { source: this, target: "#then", select: "#then", swap: "outerHTML", replace: "true" };
        this.asks = true;
        for (let shown = -1; shown !== this.at && this.isConnected; ) {
            shown = this.at;
            const to = this.ticks[shown]?.dataset.to;
            if (!htmx || !document.getElementById("then")) location.assign(to ?? location.href);
            else await htmx.ajax("GET", to, how);
        }
        this.asks = false;
    }
}

customElements.define("time-slider", TimeSlider);
