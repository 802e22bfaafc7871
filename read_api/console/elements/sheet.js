// @ts-check
/** The sheet over the page: whatever is put in it is shown, and its first field has the focus; what is not answered is told. */

const sheet = /** @type {HTMLDialogElement | null} */ (document.getElementById("sheet"));

if (sheet) {
    // Not before htmx has taken hold of it: what is sent sooner would leave the page.
    document.addEventListener("htmx:after:swap", opens);

    sheet.addEventListener("click", (event) => {
        const where = /** @type {HTMLElement} */ (event.target);
        const isOutside = where === sheet && !isWithin(event, sheet.getBoundingClientRect());
        if (isOutside || where.closest("[data-close]")) {
            event.preventDefault();
            sheet.close();
        }
    });
    // What was not done is gone; the page stays as it was.
    sheet.addEventListener("close", () => sheet.replaceChildren());

    document.addEventListener("htmx:error", (event) => unanswered(/** @type {any} */ (event).detail.ctx));
    document.addEventListener("htmx:before:swap", (event) => {
        const { ctx, tasks } = /** @type {any} */ (event).detail;
        // What is wanted of a page is not in it: it says that there is no answer now. What was there stays.
        if (!ctx.select || tasks.some((/** @type {any} */ task) => task.fragment.childElementCount)) return;
        event.preventDefault();
        unanswered(ctx);
    });
}

function opens() {
    if (!sheet?.firstElementChild || sheet.open) return;
    sheet.showModal();
    // Where there is something to decide, Enter pressed too soon decides nothing.
    const field = /** @type {HTMLElement | null} */ (
        sheet.querySelector("[data-first]") ??
            sheet.querySelector("input:not([type=hidden]):not(:checked), textarea, select, input:checked")
    );
    field?.focus();
}

/** Say so where it was asked for: above a form with all that is typed in it, else in the sheet. @param {any} ctx */
function unanswered(ctx) {
    const from = ctx?.sourceElement;
    if (!sheet || !(from instanceof Element) || from.localName === "live-feed") return;
    const isSent = from.matches("form[action^='/console/do/']");
    const told = /** @type {HTMLTemplateElement} */ (document.getElementById(isSent ? "unsent" : "unasked")).content.cloneNode(true);
    from.querySelector(".refusal")?.remove();
    if (from.id === "verb") from.querySelector("h1")?.after(told);
    else sheet.replaceChildren(told);
    opens();
}

/** @param {MouseEvent} event @param {DOMRect} box */
function isWithin(event, box) {
    return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
}

// Ctrl+Enter sends the form one is in, from a text of several lines too.
document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = /** @type {HTMLElement} */ (event.target).closest("form");
    form?.requestSubmit();
});
