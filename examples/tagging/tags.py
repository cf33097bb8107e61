#!/usr/bin/python3
"""tags.py: prints the stand-in for the contest's list of tags, which is not ours to publish: 6,941
different ones, each a manner and a thing."""
MANNERS = """amber ancient arctic autumn bamboo bare bent blue bold bright bronze brown busy calm carved
cheap clean cold copper coral cosy cotton cream crisp crowded curved cut damp dark deep dense dim dry
dusty early empty faded fine flat floating folded foreign fresh frosted full glass gold green grey half
hanging hard heavy high hollow hot huge iron ivory kind large late leather light linen little lone long
loud low marble mild misty modern moving narrow neat new old open orange painted pale paper pink plain
polished printed purple quiet rare raw red rough round rustic sharp short silk silver simple slow
small""".split()
THINGS = """apple bag balcony basket beach bed bench bicycle bird boat book bottle bowl bridge butterfly
camera candle car castle cat chair church city cloud coat cup dog door dress field flower forest fruit
garden gate hat hill horse house island jar jewel kitchen lake lamp leaf library market mirror mountain
ocean painting park path pencil piano plate poster river road roof room rope sea shelf shoe sign sky
statue street""".split()
TAGS = 6941


def names():
    return [f"{manner} {thing}" for manner in MANNERS for thing in THINGS][:TAGS]


if __name__ == "__main__":
    if len(set(names())) != TAGS:
        raise SystemExit(f"tags.py: {len(set(names()))} different tags, {TAGS} expected")
    print("\n".join(names()))
