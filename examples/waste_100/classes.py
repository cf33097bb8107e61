#!/usr/bin/python3
"""classes.py labels|costs: prints the hundred labels, a line each, or the cost matrix as CSV: a row per
true class, a column per answer. Both are ours; the contest's are not published with its task.

A family of things that look alike stands in a line behind its bin. To take one for another costs 0.1 in a
family, 0.4 in a bin; else 0.7, and 1 where what is hazardous or electric goes to another bin, so the
matrix is directed."""
import sys

FAMILIES = """
electric: charger, data cable, earphone, power strip, plug, adapter
electric: phone, remote control, keyboard, mouse, calculator
electric: hair dryer, shaver, fan
hazardous: battery, button cell, power bank
hazardous: light bulb, fluorescent tube, thermometer
hazardous: pill box, ointment tube, nail polish, paint can, spray can, pesticide bottle
recyclable: glass bottle, jam jar, drinking glass, mirror, vase
recyclable: drink can, food can, pot, pan, cutlery, foil tray
recyclable: plastic bottle, shampoo bottle, canister, plastic bowl, bucket, toy
recyclable: newspaper, book, envelope, cardboard box, egg carton, milk carton
recyclable: shirt, trousers, coat, hat, shoe, bag, towel
kitchen: apple core, banana peel, orange peel, melon rind, grape stalk
kitchen: cabbage leaf, carrot, potato peel, onion, tomato
kitchen: rice, noodles, bread, cake, dumpling
kitchen: fish bone, chicken bone, shrimp shell, egg shell, meat
kitchen: tea leaves, coffee grounds, flower
other: mop, broom, brush, sponge, cloth
other: tissue, diaper, mask, cotton swab
other: cigarette end, lighter, ash, chopsticks, toothpick
other: ceramic bowl, plate, flower pot, brick
other: umbrella, pen, tape
"""


def classes():
    """(name, bin, family) of each."""
    out = []
    for family, line in enumerate(FAMILIES.strip().splitlines()):
        kind, names = line.split(": ")
        out += [(name, kind, family) for name in names.split(", ")]
    return out


def cost(true, answer):
    if true == answer:
        return "0"
    if true[2] == answer[2]:
        return "0.1"
    if true[1] == answer[1]:
        return "0.4"
    return "1" if true[1] in ("electric", "hazardous") else "0.7"


if __name__ == "__main__":
    every = classes()
    if len({name for name, _, _ in every}) != 100:
        raise SystemExit(f"classes.py: {len(every)} classes, not a hundred different ones")
    if sys.argv[1:] == ["labels"]:
        print("\n".join(name for name, _, _ in every))
    elif sys.argv[1:] == ["costs"]:
        print("\n".join(",".join(cost(t, a) for a in every) for t in every))
    else:
        raise SystemExit(__doc__.splitlines()[0])
