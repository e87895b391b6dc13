"""``--run --dry-run`` in words: jobs, workers and their ports, time, money, what is in the way."""

from __future__ import annotations

from engine.output import complain, say, table
from engine.plan import RunPlan
from engine.workloads.labels import plural


def show(plan: RunPlan) -> None:
    """Print a plan; problems go to standard error."""
    key, resource = plan.key_label, plan.resource_label
    source = "would be seeded into" if plan.seeds else "are in"
    again = sum(job.again for job in plan.jobs)
    text = f"{len(plan.jobs)} jobs {source} {plan.ledger}"
    say(f"{text}, {again} of them to be tried again." if again else f"{text}.")
    if plan.seeds and plan.jobs:
        table("Jobs", ("job", key), [(job.job_id, job.key) for job in plan.jobs])
    for reason, count in plan.blocked.items():
        say(f"Would wait, {reason}: {count}.")
    keys, stages = plural(key, len(plan.keys)), plural(plan.labels.stage, plan.passes)
    most = f", at most {plan.passes} {stages}" if plan.passes else ""
    say(f"{len(plan.keys)} {keys}, each on its own {resource}; {plan.workers} workers{most}.")
    for index, facts in enumerate(plan.slots):
        named = ", ".join(f"{name} {value}" for name, value in facts.items())
        say(f"Worker {index}: {named}")
    for state in plan.on_now:
        say(f"{resource} {state.label} is on and would be stopped first.")
    if plan.expected_seconds is not None:
        say(f"Expected: {plan.expected_seconds / 3600:.1f} h (est.)")
    if plan.jobs:
        say(f"At the latest: {plan.longest_seconds / 3600:.1f} h, if every attempt fails late")
    if not plan.billed:
        pass
    elif plan.cost_estimate is not None:
        say(f"Cost: ${plan.cost_estimate:.2f} (est.), at most ${plan.cost_ceiling:.2f}")
    else:
        say(f"Cost: at most ${plan.cost_ceiling:.2f} (est.); no earlier day tells what is usual.")
    for message in plan.messages:
        say(message)
    for problem in plan.problems:
        complain(problem)
    say("Nothing was started and nothing was written.")
