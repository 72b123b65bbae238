"""Ways in which a language model might tell the facts, in English; banks that share no sentence pattern.

The check was made with these two in view.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bank:
    """Patterns by what they tell; names in braces are filled in by `render`."""

    nouns: dict[str, tuple[str, ...]]
    presence: dict[str, tuple[str, ...]]
    hedges: dict[str, tuple[str, ...]]
    opening: tuple[str, ...]
    """With a time: {where} {day} {start} {end} {sounds}."""
    opening_clip: tuple[str, ...]
    """Without a time: {where} {span} {sounds}."""
    first: tuple[str, ...]
    """The most present group: {nouns} {presence}."""
    joined: tuple[str, ...]
    """A further group: {nouns} {presence}."""
    nothing: tuple[str, ...]
    scene: dict[str, tuple[str, ...]]
    level: tuple[str, ...]
    """{LAeq} {band}."""
    level_figures: tuple[str, ...]
    """{LAeq} {LAFmax} {L90}."""
    versus: dict[str, tuple[str, ...]]
    feeling: tuple[str, ...]
    """{word} {second}: with strength."""
    feeling_one: tuple[str, ...]
    denied: tuple[str, ...]
    neutral: tuple[str, ...]
    change: tuple[str, ...]
    """{before} {after} {at}."""
    change_level: tuple[str, ...]
    """{after} {at} {by}."""
    notable: tuple[str, ...]
    """{noun} {at} {level}."""
    absent: tuple[str, ...]
    coverage: tuple[str, ...]
    uncalibrated: tuple[str, ...]
    headline: tuple[str, ...]
    """{where} {word} {noun} {band}."""
    strength: dict[str, tuple[str, ...]]
    bands: dict[str, tuple[str, ...]]
    synonyms: dict[str, tuple[str, ...]]


FIRST = Bank(
    nouns={
        "Human sounds": ("sounds of people", "human activity", "people"),
        "Wind": ("wind", "the wind", "wind noise"),
        "Water": ("water", "the sound of water", "water sounds"),
        "Natural sounds": ("sounds of nature", "natural sounds"),
        "Traffic": ("traffic", "road traffic", "the sound of traffic", "traffic noise"),
        "Sounds of things": ("sounds of objects or machines", "mechanical sounds"),
        "Vehicle": ("vehicles", "passing vehicles", "vehicle noise"),
        "Bird": ("birds", "birdsong", "bird calls", "the sound of birds"),
        "Speech": ("people talking", "voices", "conversation", "human voices"),
        "Music": ("music", "some music", "the sound of music"),
        "Noise": ("noise of no particular kind", "unspecific noise"),
        "Animal": ("animals", "animal sounds"),
    },
    presence={
        "throughout": ("throughout", "the whole time", "continuously", "all the time"),
        "most": ("most of the time", "for most of the time", "for the most part"),
        "part": ("part of the time", "at times", "now and then", "from time to time"),
        "brief": ("briefly", "for a short while", "only briefly"),
    },
    hedges={"likely": ("probably", "likely"), "possible": ("possibly", "perhaps")},
    opening=(
        "{where}, between {start} and {end} on {day}, {sounds}.",
        "On {day}, from {start} to {end}, {sounds} {where}.",
        "From {start} to {end} {where}, {sounds}.",
        "{where} on {day}, {sounds} between {start} and {end}.",
    ),
    opening_clip=("In this {span} recording {where}, {sounds}.", "During the {span}, {sounds} {where}."),
    first=(
        "{nouns} could be heard {presence}",
        "{nouns} were audible {presence}",
        "the soundscape was marked by {nouns} {presence}",
        "there was the sound of {nouns} {presence}",
    ),
    joined=("with {nouns} {presence}", "accompanied by {nouns} {presence}", "while {nouns} could be heard {presence}"),
    nothing=("no particular sound stood out", "nothing in particular stood out"),
    scene={
        "park": ("The surroundings sounded like a park.", "It sounded like a park."),
        "public_square": ("The setting sounded like a public square.", "It sounded like a public square."),
        "street_traffic": ("It sounded like a street with traffic.", "The scene resembled a street with traffic."),
    },
    level=(
        "The level was {band}, at an average of {LAeq} dB(A)",
        "It was {band}, averaging {LAeq} dB(A)",
        "With an average level of {LAeq} dB(A), it was {band}",
        "The average sound level was {LAeq} dB(A), which is {band}",
    ),
    level_figures=(
        "Levels averaged {LAeq} dB(A) and peaked at {LAFmax} dB(A).",
        "The average level was {LAeq} dB(A), with a maximum of {LAFmax} dB(A) and a background level of {L90} dB(A).",
        "It averaged {LAeq} dB(A), against a background of {L90} dB(A).",
    ),
    versus={
        "much quieter": ("much quieter than usual at this hour", "far quieter than normal for this time"),
        "quieter": ("quieter than usual at this hour", "quieter than is normal here"),
        "usual": ("about as loud as usual at this hour", "in line with the usual level here"),
        "louder": ("louder than usual at this hour", "louder than is typical here"),
        "much louder": ("much louder than usual at this hour", "considerably louder than normal"),
    },
    feeling=(
        "It felt {word} and {second}.",
        "The overall impression was {word} and {second}.",
        "The place came across as {word} and {second}.",
        "The atmosphere was {word} and {second}.",
    ),
    feeling_one=("It felt {word}.", "The overall impression was {word}.", "The atmosphere was {word}."),
    denied=("It did not feel {word}.", "It was not {word}."),
    neutral=("It felt neither pleasant nor unpleasant.", "The impression was neutral."),
    change=(
        "The feeling changed from {before} to {after} {at}.",
        "At first it felt {before}, but {at} it turned {after}.",
        "It began {before} and became {after} {at}.",
    ),
    change_level=("It became {after} {at}.", "The sound grew {after} {at}, by {by} dB."),
    notable=(
        "{noun} stood out {at}, reaching {level} dB(A).",
        "{noun} {at} reached {level} dB(A).",
        "What stood out was {noun} {at}, at up to {level} dB(A).",
    ),
    absent=("No {noun} was heard.", "There was no {noun}."),
    coverage=("Only {coverage} % of the time was heard.", "The data cover {coverage} % of this time."),
    uncalibrated=(
        "The microphone is not calibrated, so levels are only rough readings.",
        "As the microphone is uncalibrated, this is only a rough impression.",
    ),
    headline=("{where}: {word}, with {noun}", "{word} with {noun}", "{noun} and a {word} feel", "{where}: {noun}"),
    strength={"slightly": ("slightly ", "somewhat "), "clearly": ("",), "very": ("very ",)},
    bands={
        "very quiet": ("very quiet",),
        "quiet": ("quiet",),
        "moderate": ("moderate",),
        "loud": ("loud",),
        "very loud": ("very loud",),
    },
    synonyms={
        "calm": ("calm", "peaceful"),
        "pleasant": ("pleasant", "agreeable"),
        "vibrant": ("vibrant", "lively"),
        "eventful": ("eventful", "busy"),
        "chaotic": ("chaotic", "hectic"),
        "annoying": ("annoying", "unpleasant"),
        "monotonous": ("monotonous", "dull"),
        "uneventful": ("uneventful",),
    },
)

SECOND = Bank(
    nouns={
        "Human sounds": ("human sounds", "the presence of people", "visitors"),
        "Wind": ("blowing wind", "the sound of the wind"),
        "Water": ("the sound of water", "sounds of water"),
        "Natural sounds": ("nature sounds", "nature"),
        "Traffic": ("the noise of traffic", "road noise", "traffic sounds", "the hum of traffic"),
        "Sounds of things": ("machinery", "the sounds of machines", "objects or machines"),
        "Vehicle": ("motor vehicles", "vehicle sounds", "a passing vehicle"),
        "Bird": ("singing birds", "chirping birds", "bird sounds", "birds calling"),
        "Speech": ("people in conversation", "speech", "people chatting", "human speech"),
        "Music": ("music", "musical sounds"),
        "Noise": ("general noise", "indistinct noise"),
        "Animal": ("sounds of animals", "animals"),
    },
    presence={
        "throughout": ("from beginning to end", "without a break", "constantly", "for the entire time"),
        "most": ("for much of the time", "more often than not", "the better part of the time"),
        "part": ("intermittently", "some of the time", "on and off", "occasionally"),
        "brief": ("for only a small part of the time", "momentarily", "in passing", "for a moment"),
    },
    hedges={"likely": ("most likely", "presumably", "what seemed to be"), "possible": ("maybe", "possibly", "perhaps")},
    opening=(
        "A listener {where} between {start} and {end} on {day} would have noticed this: {sounds}.",
        "In the period from {start} until {end} {where}, {sounds}.",
        "{day}, {start} to {end}: {sounds} {where}.",
        "Looking at {day} from {start} to {end}, {sounds} {where}.",
    ),
    opening_clip=(
        "Over the course of {span} {where}, {sounds}.",
        "This recording of {span} shows how it sounded {where}: {sounds}.",
    ),
    first=(
        "{nouns} remained present {presence}",
        "one could hear {nouns} {presence}",
        "the acoustic environment featured {nouns} {presence}",
        "{nouns} made up the sound of the place {presence}",
    ),
    joined=(
        "alongside {nouns} {presence}",
        "joined by {nouns} {presence}",
        "whereas {nouns} came through {presence}",
        "and {presence} {nouns}",
    ),
    nothing=("no single sound stood out", "there was no distinct sound to report"),
    scene={
        "park": ("Acoustically, it appeared to be a park.", "The character of the sound was that of a park."),
        "public_square": ("It had the sound of a public square.", "One would take the place for a public square."),
        "street_traffic": ("It had the character of a street with traffic.", "By ear, this was a street with traffic."),
    },
    level=(
        "Overall the place was {band}: the equivalent level came to {LAeq} dB(A)",
        "At roughly {LAeq} dB(A) on average, this counts as {band}",
        "The mean level of {LAeq} dB(A) can be called {band}",
        "Sound levels were {band}, with a mean of {LAeq} dB(A)",
    ),
    level_figures=(
        "The highest level was {LAFmax} dB(A), while the mean level stayed at {LAeq} dB(A).",
        "Background levels lay near {L90} dB(A), and the loudest moment came to {LAFmax} dB(A).",
        "On average {LAeq} dB(A) was measured, with peaks of up to {LAFmax} dB(A).",
    ),
    versus={
        "much quieter": ("which is much quieter than this place normally is", "and so far below the usual level"),
        "quieter": ("which is a quieter reading than usual here", "and so quieter than normally at this time"),
        "usual": ("which is close to the usual level for the hour", "and no different from what is usual here"),
        "louder": ("which is louder than this place normally is", "and noisier than usual for the hour"),
        "much louder": ("which is considerably louder than usual", "and much noisier than normal at this time"),
    },
    feeling=(
        "To be there felt {word}, and also {second}.",
        "Most people would describe the mood as {word} and {second}.",
        "All in all, this made for a {word} and {second} soundscape.",
        "On the whole the soundscape can be described as {word}, even {second}.",
    ),
    feeling_one=(
        "To be there felt {word}.",
        "All in all, this made for a {word} soundscape.",
        "The mood can be described as {word}.",
    ),
    denied=("Nobody would have called it {word}.", "The impression was anything but {word}."),
    neutral=("In terms of feeling, it was neither pleasant nor annoying.", "It left a neutral impression."),
    change=(
        "The mood shifted {at}, from {before} to {after}.",
        "Initially {before}, the place grew {after} {at}.",
        "What started out {before} gave way to something more {after} {at}.",
    ),
    change_level=("There was a change {at}: it got {after}.", "It turned {after} {at}, a difference of {by} dB."),
    notable=(
        "Most noticeable was {noun} {at}, which peaked at {level} dB(A).",
        "{at} {noun} drew attention, reaching as high as {level} dB(A).",
        "The level was briefly raised by {noun} {at} (up to {level} dB(A)).",
    ),
    absent=(
        "{noun} was not heard.",
        "The recording was free of {noun}.",
        "Neither {noun} nor anything like it was heard.",
    ),
    coverage=(
        "Note of caution: {coverage} % of the period was recorded.",
        "About {missing} % of the time was not captured.",
    ),
    uncalibrated=(
        "Bear in mind that the instrument has no calibration, so loudness cannot be judged exactly.",
        "These readings come from an uncalibrated microphone and should be treated with care.",
    ),
    headline=("{noun} {where}, a {word} scene", "A {word} time {where}", "{where} sounded {word}", "{noun}: {word}"),
    strength={"slightly": ("a little ", "mildly "), "clearly": ("", "rather "), "very": ("extremely ", "deeply ")},
    bands={
        "very quiet": ("hushed", "very quiet"),
        "quiet": ("quiet", "rather quiet"),
        "moderate": ("moderately loud", "of medium loudness"),
        "loud": ("noisy", "fairly loud"),
        "very loud": ("very noisy", "very loud"),
    },
    synonyms={
        "calm": ("tranquil", "relaxed", "serene"),
        "pleasant": ("enjoyable", "nice"),
        "vibrant": ("lively", "energetic"),
        "eventful": ("bustling", "active"),
        "chaotic": ("restless", "chaotic"),
        "annoying": ("disagreeable", "irritating"),
        "monotonous": ("boring", "dreary"),
        "uneventful": ("uneventful",),
    },
)
