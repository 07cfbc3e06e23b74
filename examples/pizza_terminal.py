"""A pizza-order bot in the terminal that remembers: kill it in mid-dialogue, start it again, and it goes on.

Start it with ``make demo``; ``make demo STORAGE=redis://localhost`` gives it another storage.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any, Final

from botkeep import FSMContext, RateLimiter, State, StateKey, StatesGroup, Turn, storage_at
from botkeep.errors import BotkeepError, StorageUnavailableError

HELP: Final = "/status shows your order, /cancel drops it, /forget erases all I know of you, Ctrl-D leaves."


class Order(StatesGroup):
    size, toppings, address, confirm = State(), State(), State(), State()
    transitions = {None: [size], size: [toppings], toppings: [address], address: [confirm], confirm: [None]}  # noqa: RUF012


# What is asked in a state, what fits as an answer, and what is said to one that does not.
QUESTIONS: Final[dict[State | str, tuple[str, Any, str]]] = {
    Order.size: (
        "What size: small, medium or large?",
        lambda answer: answer.lower() in ("small", "medium", "large"),
        "There is small, medium and large. Which shall it be?",
    ),
    Order.toppings: (
        "Which toppings? Put commas between them, or say none.",
        lambda answer: all(name.strip() for name in answer.split(",")),
        "Please name the toppings, with commas between them, or say none.",
    ),
    Order.address: (
        "Where shall it go? Street and number, please.",
        lambda answer: any(character.isdigit() for character in answer),
        "The courier needs a street and a number. Where shall it go?",
    ),
    Order.confirm: (
        "Shall I order it: yes or no?",
        lambda answer: answer.lower() in ("yes", "no"),
        "Please say yes or no.",
    ),
}


def answer_to(turn: Turn, text: str) -> str:
    """Go on with the dialogue by one line of the customer; return what the bot says."""
    if text == "/status":
        return f"{status(turn)}\n{prompt(turn)}"
    if text in ("/cancel", "/forget"):
        pizzas = 0 if text == "/forget" else turn.data.get("pizzas", 0)
        turn.clear()
        turn.data = {"pizzas": pizzas} if pizzas else {}
        return f"Who are you? {prompt(turn)}" if text == "/forget" else prompt(turn)
    if text.startswith("/"):
        return HELP
    if turn.state is None:
        turn.state, turn.data["order"] = Order.size, {}
        return prompt(turn)
    _, fits, complaint = QUESTIONS[turn.state]
    if not fits(text):
        return complaint
    if turn.state != Order.confirm:
        turn.data["order"][turn.state.partition(":")[2]] = (
            text if turn.state == Order.address else text.lower()
        )
    elif text.lower() == "yes":
        turn.data["pizzas"] = turn.data.get("pizzas", 0) + 1
    else:
        turn.data["order"] = {}
    (turn.state,) = Order.transitions[turn.state]
    return prompt(turn)


def status(turn: Turn) -> str:
    answers = [f"  {name}: {value}" for name, value in turn.data.get("order", {}).items()]
    return "\n".join(["Your order:", *(answers or ["  nothing yet"])])


def prompt(turn: Turn) -> str:
    if turn.state is not None:
        return f"{status(turn)}\n" * (turn.state == Order.confirm) + QUESTIONS[turn.state][0]
    if turn.data.get("order"):
        return f"Pizza number {turn.data['pizzas']} is on its way. Say anything to order another."
    return "You have no order. Say anything to start one."


async def main(address: str) -> None:
    async with storage_at(address) as storage:
        customer = FSMContext(storage, StateKey(bot_id=0, chat_id=0, user_id=0))  # in a chat: an update's ids
        limiter = RateLimiter(storage, "30 per 10s")
        async with customer.turn() as turn:
            print(HELP, prompt(turn), sep="\n")
        while True:
            try:
                text = (await asyncio.to_thread(input, "> ")).strip()
                if not (verdict := await limiter.hit("customer")):
                    print(f"Slow down, please; say it again in {verdict.retry_after:.0f} seconds.")
                    continue
                # One atomic step: the answer is on the disk before the next question is asked.
                async with customer.turn() as turn:
                    answer = answer_to(turn, text)
                print(answer)
            except EOFError:
                return print("\nBye. Start me again, and we go on from here.")
            except StorageUnavailableError as trouble:
                print(trouble)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C may kill it: what was answered is on the disk
    try:
        asyncio.run(main(os.environ.get("STORAGE", "pizza.db")))
    except (BotkeepError, ValueError) as error:
        sys.exit(str(error))
