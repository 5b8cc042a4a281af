# SPDX-License-Identifier: Apache-2.0
"""What was seen, in one word: `succeeds`, `held`, `nothing` to attack there, or `broken`."""

STOPPED, NOTHING_TO_ATTACK = 42, 77


def outside(attack, seen):
    """Outside there is nobody to hold it: what does not succeed has to say why."""
    if seen.exit == NOTHING_TO_ATTACK:
        return "nothing"
    if attack.for_worked:
        return "succeeds" if seen.happened else "held"
    return "succeeds" if got_through(seen) else "held"


def got_through(seen):
    """An attack says what worked; ending with 0 alone could be an accident."""
    return seen.exit == 0 and "worked: " in seen.out


def how_it_ended(seen):
    """A word of heads.ENDS, or what else became of it."""
    if seen.end != "exited":
        return seen.end
    if seen.exit == STOPPED and "stopped: " in seen.out:
        return "stopped"
    if seen.exit == NOTHING_TO_ATTACK:
        return "nothing"
    if seen.exit == 0:
        return "through" if got_through(seen) else "quiet"
    return f"exit status {seen.exit}"


def inside(attack, seen, policy):
    """Held is only what ended as the attack's head says; all else has to be looked at."""
    word = how_it_ended(seen)
    if seen.happened or word == "through":
        return "succeeds"
    # Another policy may not even let it come that far.
    shut_out = () if policy == "default" else ("refused", "nothing", "stopped")
    if word not in attack.expects(policy) and word not in shut_out:
        return f"broken: {word}"
    if policy == "default" and not set(attack.for_reached.split()) <= set(seen.reached):
        return f"broken: reached {seen.reached}"
    return "held"
