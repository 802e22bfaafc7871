// @ts-check
/** The keys: / to find, g and a letter to go, j and k from row to row, ? for help, and the keys that buttons name. */

const help = /** @type {HTMLDialogElement | null} */ (document.getElementById("help"));
let goes = -Infinity;
let left = -Infinity;

/** @param {EventTarget | null} where */
function isTyping(where) {
    return where instanceof HTMLElement && where.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

/** @param {string} key */
function button(key) {
    const row = document.activeElement?.closest("[data-row]");
    const named = `[data-key="${CSS.escape(key)}"]`;
    // Of what a row can do the row that has the focus does it, else the first one; then the page.
    return /** @type {HTMLElement | null} */ (row?.querySelector(named) ?? document.querySelector(named));
}

/** @param {number} step */
function toRow(step) {
    const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-row]")]);
    const now = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    // What is typed after a key that opens or does something is meant for what comes, and not for this page.
    const isLeft = performance.now() - left < 2000 || document.querySelector("[hx-target='#sheet'].htmx-request");
    if (isLeft && event.key.length === 1) return event.preventDefault();
    const key = event.key.toLowerCase();
    const isGoing = performance.now() - goes < 1500;
    goes = -Infinity;
    let target = /** @type {HTMLElement | null} */ (null);
    if (isGoing) target = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
    else if (key === "g") goes = performance.now();
    else if (key === "/") document.querySelector("[data-find]")?.focus();
    else if (key === "?") help?.showModal();
    else if (key === "j" || key === "k") toRow(key === "j" ? 1 : -1);
    else if (key === "enter" && document.activeElement?.matches("[data-row]")) target = document.activeElement.querySelector("a[href]");
    else target = button(key);
    if (target && !target.closest("[data-htmx-powered]")) left = performance.now();
    target?.click();
    if (target || ["/", "?", "j", "k", "g"].includes(key)) event.preventDefault();
});

for (const open of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-help]"))) {
    open.hidden = false;
    open.addEventListener("click", () => help?.showModal());
}

// A year is typed digit by digit, and each makes a day: of the years before 1000 nobody asks.
document.addEventListener(
    "change",
    (event) => {
        const field = event.target;
        if (field instanceof HTMLInputElement && field.type === "date" && field.value.startsWith("0")) event.stopPropagation();
    },
    true,
);

// Where one is is seen, also where the menu is wider than the screen.
for (const here of document.querySelectorAll("nav [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });

// A menu that is open closes when one looks elsewhere.
document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.me[open], details.drop[open]"))
        if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
});
