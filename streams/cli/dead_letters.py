"""dead-letters list | show | replay."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.failures import EXIT_FAILED, say
from streams.cli.options import ConfigOption, ServersOption, settings_of

if TYPE_CHECKING:
    from schemas.letters import DeadLetter
    from streams.config import Settings
    from streams.dead_letters import Choice, ReplayPlan

dead_letters_app = typer.Typer(
    name="dead-letters",
    help="See what could not be worked on, and send it back to where it came from.",
    no_args_is_help=True,
)

CodeOption = Annotated[str | None, typer.Option(help="Only with this code.")]
TaskOption = Annotated[str | None, typer.Option(help="Only of this task.")]
TopicOption = Annotated[str | None, typer.Option(help="Only of records of this topic.")]
SinceOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Only buried since: 30m, 2h, 7d, or a time (ISO 8601)."),
]


@dead_letters_app.command("list")
def list_(
    code: CodeOption = None,
    task: TaskOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """List the dead letters that there are, the newest last, and how many have which reason.

    Example: shopstreams dead-letters list --code invalid_field --since 2h
    """
    settings = settings_of(config, bootstrap_servers)
    choice = _choice(settings, (), code, task, topic, since)
    from streams.dead_letters import Letters, without_value

    letters = Letters(settings)
    found = sorted(map(without_value, letters.read(choice)), key=lambda one: one.produced_at)
    newest = found[-limit:] if limit else found
    if as_json:
        _print_objects(newest)
    else:
        _print_lines(newest, found)
    if letters.foreign:
        say(
            f"left out what is no letter that this release can read: {letters.foreign} of the topic"
        )


def _print_objects(letters: list[DeadLetter]) -> None:
    from streams.cli.letters import as_object
    from streams.cli.printable import json_line

    for letter in letters:
        print(json_line(as_object(letter)))


def _print_lines(shown: list[DeadLetter], counted: list[DeadLetter]) -> None:
    from rich.console import Console

    from streams.cli.letters import Summary, line

    console = Console(highlight=False)
    summary = Summary()
    for letter in counted:
        summary.add(letter)
    for letter in shown:
        console.print(line(letter), soft_wrap=True)
    for text in summary.lines():
        console.print(text, soft_wrap=True)


@dead_letters_app.command()
def show(
    result_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` says it.")],
    raw: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the record's bytes; - is stdout.")
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Show one dead letter whole: place, reason, key, headers and what the record held.

    Example: shopstreams dead-letters show reviews-0-17-sentiment
    """
    settings = settings_of(config, bootstrap_servers)
    from streams.dead_letters import Letters

    letter = Letters(settings).find(result_id)
    if raw is not None:
        _write_raw(letter, raw)
        return
    from rich.console import Console

    from streams.cli.letters import whole

    console = Console(highlight=False)
    for text in whole(letter):
        console.print(text, soft_wrap=True)


def _write_raw(letter: DeadLetter, file: str) -> None:
    from streams.dead_letters import LetterError

    value = letter.raw_value()
    if value is None:
        raise LetterError(f"{letter.result_id}: the record had no value, so there are no bytes")
    if file == "-":
        sys.stdout.buffer.write(value)
        sys.stdout.buffer.flush()
    else:
        try:
            Path(file).write_bytes(value)
        except OSError as error:
            raise LetterError(f"cannot write {file}: {error.strerror}") from error
    if not letter.value_is_whole:
        say(f"the first {len(value):,} of {letter.value_bytes:,} bytes: the letter carries no more")


@dead_letters_app.command()
def replay(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="As `list` says them.")
    ] = None,
    code: CodeOption = None,
    task: TaskOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    all_: Annotated[bool, typer.Option("--all", help="All letters that there are.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was sent back before; nobody looks.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be sent; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    bootstrap_servers: ServersOption = None,
) -> None:
    """Send records back to their topics, as they were, to be worked on once more.

    What was sent back before is left alone. Letters that are named are sent without a question.

    Example: shopstreams dead-letters replay --code model_failed --since 2h --dry-run
    """
    chosen = bool(ids or code or task or topic or since)
    if all_ == chosen:
        raise typer.BadParameter("name IDs, choose by --code, --task, --topic or --since, or --all")
    settings = settings_of(config, bootstrap_servers)
    choice = _choice(settings, tuple(ids or ()), code, task, topic, since)
    if not (ids or yes or dry_run or sys.stdin.isatty()):
        raise typer.BadParameter("there is nobody to ask here: add --yes, or --dry-run to look")
    from streams.dead_letters import plan_replay

    plan = plan_replay(settings, choice, again=again)
    _report(plan)
    if dry_run:
        _print_plan(plan)
    elif plan.send:
        if not (ids or yes):
            typer.confirm(f"Send {_records(len(plan.send))} to {_topics(plan)}?", abort=True)
        _send(settings, plan)
    else:
        print("nothing to send")
    if plan.refused or plan.unknown:
        raise typer.Exit(EXIT_FAILED)


def _report(plan: ReplayPlan) -> None:
    """Say what will not be sent, and why."""
    from streams.cli.printable import harmless

    for result_id in plan.unknown:
        say(f"there is no dead letter {harmless(result_id)}: see `shopstreams dead-letters list`")
    for letter, problem in plan.refused:
        say(f"{harmless(letter.result_id)} is not sent: {harmless(problem)}")
    if plan.replayed:
        names = ", ".join(harmless(one.result_id) for one in plan.replayed[:3])
        more = f" and {len(plan.replayed) - 3} more" if len(plan.replayed) > 3 else ""
        say(f"sent back before, left alone (--again sends once more): {names}{more}")


def _print_plan(plan: ReplayPlan) -> None:
    from streams.cli.printable import harmless

    for letter in plan.send:
        print(f"would send {harmless(letter.result_id)} to {harmless(letter.source.topic)}")
    print(f"{_records(len(plan.send))} would be sent")


def _send(settings: Settings, plan: ReplayPlan) -> None:
    from streams.dead_letters import replay_letters

    sent = replay_letters(settings, plan, lambda: None)
    print(f"{_records(sent)} sent to {_topics(plan)}")


def _records(count: int) -> str:
    return f"{count} record{'' if count == 1 else 's'}"


def _topics(plan: ReplayPlan) -> str:
    return ", ".join(plan.topics())


def _choice(
    settings: Settings,
    ids: tuple[str, ...],
    code: str | None,
    task: str | None,
    topic: str | None,
    since: str | None,
) -> Choice:
    from streams.dead_letters import Choice

    names = {spec.id: spec.name for spec in settings.named_topics().specs}
    return Choice(
        ids=frozenset(ids),
        code=code,
        task=task,
        topic=names.get(topic, topic) if topic else None,
        since=None if since is None else _moment(since),
    )


def _moment(text: str) -> datetime:
    from streams.cli.letters import since

    try:
        return since(text)
    except ValueError as error:
        raise typer.BadParameter(f"--since takes 30m, 2h, 7d or a time, not {text!r}") from error
