// @ts-check
/** What changes is shown in its place: one stream of positions for each browser, held by one of its tabs for all. */

const PAUSE = 1000;
const JITTER = 150;
const HIDDEN = 60_000;
const FIRST = 1000;
const LONGEST = 30_000;
const SILENCE = 45_000;
const LIT = 2500;
const TOLD = 3;
const LINE = "li, tr, dd, dt, h1, h2, h3, p, section";
const TYPED = "input:not([type=hidden], [type=checkbox], [type=radio]), textarea";

class LiveFeed extends HTMLElement {
    /** How far the page is true, and how far there is something new. */
    shown = 0;
    heard = 0;
    planned = 0;
    next = 0;
    wait = FIRST;
    sleepy = 0;
    /** @type {AbortController | null} */ awake = null;
    /** @type {(() => void) | null} */ ends = null;

    connectedCallback() {
        this.shown = this.heard = Number(this.dataset.position);
        this.name = this.dataset.name ?? "letopis";
        this.channel = new BroadcastChannel(this.name);
        this.channel.onmessage = (event) => this.told(event.data);
        this.querySelector("[data-show]")?.addEventListener("click", () => this.fetches(true));
        document.addEventListener("visibilitychange", () => this.looked());
        addEventListener("pagehide", () => this.sleeps());
        addEventListener("pageshow", () => this.wakes());
        // More of a list than a page begins with: it is not taken away from who asked for it.
        document.addEventListener("htmx:before:swap", (event) => {
            const from = /** @type {any} */ (event).detail.ctx.sourceElement;
            if (from instanceof Element && from.closest(".more")) this.isLonger = true;
        });
        this.wakes();
    }

    looked() {
        clearTimeout(this.sleepy);
        if (document.hidden) this.sleepy = setTimeout(() => this.sleeps(), HIDDEN);
        else this.wakes();
    }

    /** Whichever tab has the lock holds the stream; when it sleeps or goes another one has it. */
    wakes() {
        this.plans();
        if (this.awake) return;
        this.awake = new AbortController();
        navigator.locks.request(this.name ?? "", { signal: this.awake.signal }, () => this.leads()).catch(() => {});
        this.channel?.postMessage("how far?");
    }

    sleeps() {
        this.awake?.abort();
        this.awake = null;
        this.ends?.();
    }

    /** @returns {Promise<void>} */
    leads() {
        let source = /** @type {EventSource | null} */ (null);
        let later = 0;
        let wait = FIRST;
        // A line that is dead says nothing, and this is all that tells it from one on which nothing happens.
        const hears = () => {
            clearTimeout(later);
            later = setTimeout(again, SILENCE);
        };
        const opens = () => {
            source = new EventSource(`/console/live?after=${this.heard}`);
            source.onopen = () => {
                wait = FIRST;
                hears();
                this.tells("here");
            };
            source.onmessage = (event) => {
                hears();
                this.tells(JSON.parse(event.data).position);
            };
            source.addEventListener("alive", hears);
            source.addEventListener("anew", () => this.tells("anew"));
            source.addEventListener("out", () => {
                source?.close();
                clearTimeout(later);
                this.tells("out");
            });
            source.addEventListener("end", again);
            source.onerror = again;
            hears();
        };
        const again = () => {
            source?.close();
            clearTimeout(later);
            later = setTimeout(opens, wait * (0.5 + Math.random() / 2));
            // Once is nothing: a stream ends now and then.
            if (wait > FIRST) this.tells("away");
            wait = Math.min(wait * 2, LONGEST);
        };
        opens();
        return new Promise((resolve) => {
            this.ends = () => {
                this.ends = null;
                clearTimeout(later);
                source?.close();
                resolve();
            };
        });
    }

    /** @param {number | string} what */
    tells(what) {
        this.channel?.postMessage(what);
        this.told(what);
    }

    /** @param {number | string} what a position, or how the stream is */
    told(what) {
        if (what === "how far?" && this.ends) this.channel?.postMessage(this.heard);
        if (what === "out" || (what === "away" && this.state !== "out")) this.says(what);
        if (what === "anew") {
            // The log was put back: what was heard of is gone.
            this.heard = 0;
            this.shown = -1;
            this.plans();
        }
        if (what === "here" && this.state === "away") this.says("");
        if (typeof what !== "number") return;
        this.heard = Math.max(this.heard, what);
        this.plans();
    }

    /** At most once a second; not all browsers at once. */
    plans() {
        if (this.planned || this.heard <= this.shown || document.hidden || this.state === "out") return;
        this.planned = setTimeout(() => this.fetches(), Math.max(this.next - performance.now(), 0) + Math.random() * JITTER);
    }

    /** @param {number} wait */
    later(wait) {
        clearTimeout(this.planned);
        this.planned = setTimeout(() => this.fetches(), wait);
    }

    async fetches(isWanted = false) {
        clearTimeout(this.planned);
        this.planned = 0;
        if (document.hidden) return;
        if (!isWanted && this.isBusy()) return this.waits();
        const from = performance.now();
        const wanted = this.heard;
        const headers = { "HX-Request": "true", "Letopis-Position": String(wanted) };
        // Until it is there nothing else is planned.
        this.planned = -1;
        const answer = await fetch(location.href, { headers }).catch(() => null);
        this.planned = 0;
        this.next = from + PAUSE;
        if (answer?.headers.has("HX-Redirect") || answer?.status === 401) return this.says("out");
        if (!answer?.ok) {
            this.says("away");
            this.later(this.wait * (0.5 + Math.random() / 2));
            this.wait = Math.min(this.wait * 2, LONGEST);
            return;
        }
        this.wait = FIRST;
        if (!isWanted && this.isBusy()) return this.waits();
        await this.shows(answer);
        this.shown = Math.max(wanted, Number(answer.headers.get("Letopis-Position")));
        this.isLonger = false;
        this.says("");
        this.plans();
    }

    /** Nothing is put over what somebody types, over an open form or menu, or in place of more than it has. */
    isBusy() {
        const main = document.getElementById("main");
        const fields = /** @type {HTMLInputElement[]} */ ([...(main?.querySelectorAll(TYPED) ?? [])]);
        const isTyped = fields.some((field) => field === document.activeElement || field.value !== field.defaultValue);
        return isTyped || this.isLonger || !!document.querySelector("dialog[open], main details.drop[open], main form.htmx-request");
    }

    waits() {
        if (this.state !== "away" && !document.querySelector("dialog[open]")) this.says("waits");
        this.later(PAUSE);
    }

    /** @param {Response} answer */
    async shows(answer) {
        const main = document.getElementById("main");
        if (!main) return;
        /** @type {MutationRecord[]} */ const changed = [];
        const sees = new MutationObserver((more) => changed.push(...more));
        sees.observe(main, { childList: true, characterData: true, subtree: true });
        const fetched = { fetch: async () => answer, target: "#main", select: "#main", swap: "outerMorph" };
        await /** @type {any} */ (window).htmx.ajax("GET", location.href, { source: this, ...fetched });
        this.lights([...changed, ...sees.takeRecords()]);
        sees.disconnect();
    }

    /** @param {MutationRecord[]} changed */
    lights(changed) {
        const lines = new Set();
        for (const { target, addedNodes } of changed)
            for (const node of addedNodes.length ? addedNodes : [target]) {
                const place = node instanceof Element ? node : node.parentElement;
                if (node.textContent?.trim() && place?.isConnected) lines.add(place.closest(LINE));
            }
        lines.delete(null);
        for (const line of lines) {
            line.classList.remove("fresh");
            line.classList.add("fresh");
            setTimeout(() => line.classList.remove("fresh"), LIT);
        }
        const texts = [...lines].filter((line) => ![...lines].some((other) => other !== line && other.contains(line)));
        const said = texts.slice(0, TOLD).map((line) => line.innerText.replace(/\s+/g, " ").trim());
        const place = this.querySelector("[data-told]");
        if (place && said.length) place.textContent = `${this.dataset.changed}: ${said.join("; ").slice(0, 200)}`;
    }

    /** @param {string} state */
    says(state) {
        this.state = state;
        for (const each of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-state]")))
            each.hidden = each.dataset.state !== state;
    }
}

customElements.define("live-feed", LiveFeed);
