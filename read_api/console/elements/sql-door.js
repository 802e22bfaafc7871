// @ts-check
/** The page where one asks in SQL: how long the answer takes, giving it up, and what a click puts into the question. */

const TICK = 100;

/** What was typed and not answered yet, for this tab: a session may end before it is sent. Leaving takes it away. */
const DRAFT = "sql-draft";

class SqlDoor extends HTMLElement {
    ticks = 0;

    connectedCallback() {
        this.form = /** @type {HTMLFormElement} */ (this.querySelector("form"));
        this.text = /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
        this.cancel = /** @type {HTMLButtonElement} */ (this.querySelector("[data-cancel]"));
        this.form.addEventListener("htmx:before:request", () => this.begins());
        this.form.addEventListener("htmx:finally:request", (event) => {
            if (/** @type {any} */ (event).detail?.ctx?.status === "swapped") sessionStorage.removeItem(DRAFT);
            this.ends();
        });
        this.text.addEventListener("input", () => sessionStorage.setItem(DRAFT, this.text?.value ?? ""));
        if (!this.text.value.trim()) this.text.value = sessionStorage.getItem(DRAFT) ?? "";
        this.cancel.addEventListener("click", () => this.givesUp());
        this.addEventListener("keydown", (event) => {
            if (event.key === "Escape" && this.ticks) this.givesUp();
        });
        this.addEventListener("click", (event) => this.clicked(/** @type {Element} */ (event.target), event));
        this.putsAre();
    }

    disconnectedCallback() {
        clearInterval(this.ticks);
    }

    begins() {
        const began = performance.now();
        const clock = this.cancel?.querySelector("output");
        clearInterval(this.ticks);
        const tick = () => {
            const seconds = ((performance.now() - began) / 1000).toFixed(1);
            if (clock) clock.value = clock.dataset.took?.replace("~", seconds) ?? seconds;
        };
        tick();
        this.ticks = setInterval(tick, TICK);
        if (this.cancel) this.cancel.hidden = false;
        this.text?.removeAttribute("aria-invalid");
    }

    ends() {
        clearInterval(this.ticks);
        this.ticks = 0;
        if (this.cancel) this.cancel.hidden = true;
        this.shows();
    }

    /** Whoever asked hangs up, and what computes the answer ends. */
    givesUp() {
        this.form?.dispatchEvent(new Event("htmx:abort"));
        const answer = this.querySelector("#answer");
        const said = document.createElement("p");
        said.className = "notice";
        said.textContent = answer?.getAttribute("data-given-up") ?? "";
        answer?.replaceChildren(said);
        this.text?.focus();
    }

    /** The line that is wrong can be gone to. */
    shows() {
        const line = /** @type {HTMLElement | null} */ (this.querySelector("[data-line]"));
        if (line) line.hidden = false;
        if (this.querySelector("#answer .refusal")) this.text?.setAttribute("aria-invalid", "true");
    }

    /** Names of columns become buttons: without script they are what one reads. */
    putsAre() {
        this.shows();
        for (const name of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-put]"))) {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "put";
            button.textContent = name.dataset.put ?? "";
            name.firstChild?.replaceWith(button, " ");
        }
    }

    /** @param {Element} where @param {Event} event */
    clicked(where, event) {
        const put = where.closest(".put");
        const line = where.closest("[data-line]")?.getAttribute("data-line");
        const text = this.text;
        if (!text || !(put || line)) return;
        event.preventDefault();
        text.focus();
        if (put) text.setRangeText(put.textContent ?? "", text.selectionStart, text.selectionEnd, "end");
        if (!line) return;
        const lines = text.value.split("\n");
        const begin = lines.slice(0, Number(line) - 1).join("\n").length + (line === "1" ? 0 : 1);
        text.setSelectionRange(begin, begin + (lines[Number(line) - 1] ?? "").length);
    }
}

customElements.define("sql-door", SqlDoor);
