// @ts-check
/** The sheet over the page: whatever is put in it is shown, and its first field has the focus. */

const sheet = /** @type {HTMLDialogElement | null} */ (document.getElementById("sheet"));

if (sheet) {
    new MutationObserver(() => {
        if (!sheet.firstElementChild || sheet.open) return;
        sheet.showModal();
        const field = /** @type {HTMLElement | null} */ (
            sheet.querySelector("input:not([type=hidden]):not(:checked), textarea, select, input:checked")
        );
        field?.focus();
    }).observe(sheet, { childList: true });

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
