"""A pizza-order bot in the terminal that remembers: kill it in mid-dialogue, start it again, and it goes on.

Start it with ``make demo``; ``make demo STORAGE=redis://localhost`` gives it another storage.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

from holdfast import BaseStorage, HoldfastError, StorageUnavailableError, storage_at

CUSTOMER: Final = "customer:terminal"  # in a chat: one identifier for each user
NOBODY: Final[dict[str, Any]] = {"asked": None, "order": {}, "pizzas": 0}
HELP: Final = "/status shows your order, /cancel drops it, /forget erases all I know of you, Ctrl-D leaves."


def size(answer: str) -> str:
    if answer.lower() not in ("small", "medium", "large"):
        raise ValueError("There is small, medium and large. Which shall it be?")
    return answer.lower()


def toppings(answer: str) -> str:
    names = [name.strip().lower() for name in answer.split(",")]
    if not all(names):
        raise ValueError("Please name the toppings, with commas between them, or say none.")
    return ", ".join(names)


def address(answer: str) -> str:
    if not any(character.isdigit() for character in answer):
        raise ValueError("The courier needs a street and a number. Where shall it go?")
    return answer


def confirm(answer: str) -> bool:
    if answer.lower() not in ("yes", "no"):
        raise ValueError("Please say yes or no.")
    return answer.lower() == "yes"


QUESTIONS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "size": ("What size: small, medium or large?", size),
    "toppings": ("Which toppings? Put commas between them, or say none.", toppings),
    "address": ("Where shall it go? Street and number, please.", address),
    "confirm": ("Shall I order it: yes or no?", confirm),
}


def answered(customer: dict[str, Any], answer: str) -> dict[str, Any]:
    """Return what is known of the customer after an answer; a ValueError asks for a better one."""
    if customer["asked"] is None:
        return {**customer, "asked": "size", "order": {}}
    _, accept = QUESTIONS[customer["asked"]]
    order = {**customer["order"], customer["asked"]: accept(answer)}
    if order.get("confirm") is False:
        return {**customer, "asked": None, "order": {}}
    asked = next((name for name in QUESTIONS if name not in order), None)
    return {"asked": asked, "order": order, "pizzas": customer["pizzas"] + (asked is None)}


def status(customer: dict[str, Any]) -> str:
    answers = [f"  {name}: {value}" for name, value in customer["order"].items() if name != "confirm"]
    return "\n".join(["Your order:", *(answers or ["  nothing yet"])])


def prompt(customer: dict[str, Any]) -> str:
    if customer["asked"] == "confirm":
        return f"{status(customer)}\n{QUESTIONS['confirm'][0]}"
    if customer["asked"] is not None:
        return QUESTIONS[customer["asked"]][0]
    if customer["order"]:
        return f"Pizza number {customer['pizzas']} is on its way. Say anything to order another."
    return "You have no order. Say anything to start one."


async def reply(storage: BaseStorage, text: str) -> str:
    """Take one line of the customer; return what the bot says."""
    if text == "/status":
        customer = await storage.get_state(CUSTOMER, NOBODY)
        return f"{status(customer)}\n{prompt(customer)}"
    if text == "/forget":
        await storage.delete_state(CUSTOMER)
        return f"Who are you? {prompt(NOBODY)}"
    if text == "/cancel":
        await storage.update(CUSTOMER, lambda it: {**it, "asked": None, "order": {}}, default=NOBODY)
        return prompt(NOBODY)
    if text.startswith("/"):
        return HELP
    # One atomic step: the answer is on the disk before the next question is asked.
    return prompt(await storage.update(CUSTOMER, lambda it: answered(it, text), default=NOBODY))


async def main(address: str) -> None:
    async with storage_at(address) as storage:
        print(HELP)
        print(prompt(await storage.get_state(CUSTOMER, NOBODY)))
        while True:
            try:
                text = await asyncio.to_thread(input, "> ")
                print(await reply(storage, text.strip()))
            except EOFError:
                print("\nBye. Start me again, and we go on from here.")
                return
            except (ValueError, StorageUnavailableError) as trouble:
                print(trouble)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C may kill it: what was answered is on the disk
    try:
        asyncio.run(main(os.environ.get("STORAGE", "pizza.db")))
    except (HoldfastError, ValueError) as error:
        sys.exit(str(error))
