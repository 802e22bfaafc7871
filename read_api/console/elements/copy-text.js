// @ts-check
/** A text that a button copies. Without a clipboard (no TLS) there is no button, and the text can be selected. */

class CopyText extends HTMLElement {
    connectedCallback() {
        const button = /** @type {HTMLButtonElement} */ (this.querySelector("button"));
        if (!navigator.clipboard || !button.hidden) return;
        button.hidden = false;
        const before = button.textContent;
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(this.querySelector("code")?.textContent ?? "");
            button.textContent = button.dataset.done ?? "";
            setTimeout(() => (button.textContent = before), 2000);
        });
    }
}

customElements.define("copy-text", CopyText);
