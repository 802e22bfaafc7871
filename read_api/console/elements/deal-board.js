// @ts-check
/** A board whose deals are moved: by a pointer, or with Alt and an arrow. What is refused goes back, and says why. */

/** So far, in pixels, a pointer that presses may stray; a finger strays further. */
const FAR = { mouse: 6, touch: 16 };
const EDGE = 48;

class DealBoard extends HTMLElement {
    /** @type {{ card: HTMLElement, pointer: number, x: number, y: number, scrolled: number, isMoving: boolean } | null} */
    drag = null;
    /** What was moved here and is not yet known to be moved there. @type {{ card: HTMLElement, from: Element, next: Node | null, to: HTMLElement } | null} */
    waits = null;
    /** The deal that has the focus after the board is drawn anew. */
    focused = "";
    isClickOfDrag = false;

    connectedCallback() {
        this.addEventListener("pointerdown", (event) => this.grabbed(event));
        this.addEventListener("pointermove", (event) => this.dragged(event));
        this.addEventListener("pointerup", (event) => this.dropped(event));
        this.addEventListener("pointercancel", () => this.letGo());
        this.addEventListener("dragstart", (event) => event.preventDefault());
        this.addEventListener("click", (event) => this.clicked(event), { capture: true });
        this.addEventListener("keydown", (event) => this.pressed(event));
        /** What its cards ask is heard here too. @param {string} name @param {(event: CustomEvent) => void} does */
        const own = (name, does) =>
            this.addEventListener(name, (event) => event.target === this && does(/** @type {CustomEvent} */ (event)));
        own("htmx:before:response", (event) => this.answered(event));
        own("htmx:error", () => this.goesBack());
        own("htmx:after:swap", () => this.drawn());
        // What was said in the sheet and not done may have been that the board is not what it was.
        document.getElementById("sheet")?.addEventListener("close", () => this.isConnected && this.drawsAnew());
    }

    /** @param {PointerEvent} event */
    grabbed(event) {
        const where = /** @type {Element} */ (event.target);
        const card = /** @type {HTMLElement | null} */ (where.closest("[data-deal]"));
        // A finger moves the page, unless it is on the handle; a mouse may take the card anywhere but at another verb.
        const isHandle = where.closest(".move") !== null;
        if (!card || event.button !== 0 || this.waits || this.drag || (!isHandle && (event.pointerType !== "mouse" || where.closest(".verb")))) return;
        this.drag = { card, pointer: event.pointerId, x: event.clientX, y: event.clientY, scrolled: this.board.scrollLeft, isMoving: false };
    }

    get board() {
        return /** @type {HTMLElement} */ (this.querySelector(".board"));
    }

    /** @param {PointerEvent} event */
    dragged(event) {
        const drag = this.drag;
        if (!drag || event.pointerId !== drag.pointer) return;
        const far = event.pointerType === "mouse" ? FAR.mouse : FAR.touch;
        if (!drag.isMoving && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < far) return;
        if (!drag.isMoving) {
            drag.isMoving = true;
            this.setPointerCapture(drag.pointer);
        }
        // Again and again: the page may be shown anew meanwhile.
        drag.card.classList.add("dragged");
        const box = this.board.getBoundingClientRect();
        if (event.clientX > box.right - EDGE) this.board.scrollLeft += EDGE / 4;
        if (event.clientX < box.left + EDGE) this.board.scrollLeft -= EDGE / 4;
        const across = event.clientX - drag.x + this.board.scrollLeft - drag.scrolled;
        drag.card.style.translate = `${across}px ${event.clientY - drag.y}px`;
        const over = this.columnAt(event);
        for (const column of this.querySelectorAll(".over")) if (column !== over) column.classList.remove("over");
        over?.classList.add("over");
    }

    /** @param {PointerEvent} event */
    columnAt(event) {
        const column = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-stage]:not([data-retired])");
        return column?.contains(this.drag?.card ?? null) ? null : /** @type {HTMLElement | null} */ (column ?? null);
    }

    /** @param {PointerEvent} event */
    dropped(event) {
        const { card, isMoving } = this.drag ?? {};
        const over = isMoving ? this.columnAt(event) : null;
        this.letGo();
        if (card && over) this.moves(card, over);
    }

    letGo() {
        const { card, isMoving } = this.drag ?? {};
        this.drag = null;
        if (!card || !isMoving) return;
        card.classList.remove("dragged");
        // htmx copies the attribute to the card that is drawn anew, which the page's policy forbids. Asked for first, for
        // Chromium leaves an empty one where it has not been written out yet.
        if (card.hasAttribute("style")) card.removeAttribute("style");
        for (const column of this.querySelectorAll(".over")) column.classList.remove("over");
        this.isClickOfDrag = true;
        setTimeout(() => (this.isClickOfDrag = false));
    }

    /** @param {MouseEvent} event */
    clicked(event) {
        if (!this.isClickOfDrag) return;
        event.preventDefault();
        event.stopPropagation();
    }

    /** @param {KeyboardEvent} event */
    pressed(event) {
        if (event.key === "Escape") this.letGo();
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        const card = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-deal]") ?? null);
        if (!event.altKey || !step || !card) return;
        event.preventDefault();
        const columns = /** @type {HTMLElement[]} */ ([...this.querySelectorAll("[data-stage]:not([data-retired])")]);
        const to = columns[columns.findIndex((column) => column.contains(card)) + step];
        if (to && !this.waits) this.moves(card, to);
    }

    /** @param {HTMLElement} card @param {HTMLElement} to */
    moves(card, to) {
        const { deal, version } = card.dataset;
        this.focused = card.contains(document.activeElement) ? (deal ?? "") : "";
        this.waits = { card, from: /** @type {Element} */ (card.parentElement), next: card.nextSibling, to };
        to.querySelector("ol")?.prepend(card);
        card.classList.add("waits");
        if (this.focused) card.focus();
        const values = { word: this.dataset.word, key: crypto.randomUUID(), to: this.here, version, deal_id: deal, to_stage: to.dataset.stage };
        this.asks("POST", "/console/do/move-deal", { target: "#sheet", select: "#verb", values });
    }

    get here() {
        return location.pathname + location.search;
    }

    /** @param {string} method @param {string} address @param {object} how */
    asks(method, address, how) {
        /** @type {any} */ (window).htmx.ajax(method, address, { source: this, ...how });
    }

    /** A deal that is moved is where it was put; else it goes back, and the sheet says why. @param {CustomEvent} event */
    answered(event) {
        const { hx, request, response } = event.detail.ctx;
        if (request.method !== "POST") {
            if (response.status < 400) return;
            event.preventDefault();
            location.reload();
        } else if (hx?.redirect === this.here) {
            event.preventDefault();
            const said = this.querySelector("[role=status]");
            const stage = this.waits?.to.querySelector("h2")?.firstChild?.textContent?.trim() ?? "";
            if (said) said.textContent = (this.dataset.moved ?? "").replace("{stage}", stage);
            this.drawsAnew();
        } else {
            this.goesBack();
            // Without the form there is nothing to say it in: the session began anew.
            if (response.status === 403) location.reload();
            else if (response.status >= 400) this.drawsAnew();
        }
    }

    goesBack() {
        const { card, from, next } = this.waits ?? {};
        this.waits = null;
        if (!card || !from?.isConnected) return;
        card.classList.remove("waits");
        from.insertBefore(card, next ?? null);
    }

    drawsAnew() {
        this.asks("GET", this.here, { target: "#stages", select: "#stages", selectOOB: "#ends", swap: "outerHTML" });
    }

    drawn() {
        this.waits = null;
        const card = this.focused && this.querySelector(`[data-deal="${this.focused}"]`);
        if (card && !document.querySelector("dialog[open]")) /** @type {HTMLElement} */ (card).focus();
    }
}

customElements.define("deal-board", DealBoard);
