"""A fourth bank: other sentences around the words of the third, written after it and first only measured with."""

from dataclasses import replace

from benchmarks.captions.phrases_third import THIRD

FOURTH = replace(
    THIRD,
    opening=(
        "Around {start} to {end}, {where}, {sounds}.",
        "On {day} ({start} to {end}) {sounds} {where}.",
        "{where}, the minutes from {start} to {end} went like this: {sounds}.",
    ),
    opening_clip=("Over {span}, {sounds} {where}.", "In {span} of recording {where}, {sounds}."),
    first=(
        "{nouns} made themselves heard {presence}",
        "{nouns} were to be heard {presence}",
        "the place was accompanied by {nouns} {presence}",
        "{nouns} could be noticed {presence}",
    ),
    joined=("with {nouns} as well {presence}", "and {nouns} too {presence}", "but also {nouns} {presence}"),
    level=(
        "The measured average was {LAeq} dB(A), a {band} level",
        "The area was {band} at {LAeq} dB(A) on average",
        "{LAeq} dB(A) on average makes this {band}",
        "Its average level of {LAeq} dB(A) puts it in the {band} range",
    ),
    level_figures=(
        "The quietest stretches sat at {L90} dB(A) while the maximum was {LAFmax} dB(A).",
        "Averaging {LAeq} dB(A), it reached a maximum of {LAFmax} dB(A).",
        "The background stood at {L90} dB(A) and the peak at {LAFmax} dB(A).",
    ),
    feeling=(
        "This results in a {word} and {second} experience.",
        "The soundscape is perceived as {word} and {second}.",
        "Overall, the environment feels {word}, with a {second} touch.",
        "People there would likely experience it as {word} and {second}.",
    ),
    feeling_one=(
        "The soundscape is perceived as {word}.",
        "Overall, the environment feels {word}.",
        "People there would likely experience it as {word}.",
    ),
    denied=("It did not come across as {word}.", "The environment does not feel {word}."),
    neutral=("Overall, the environment feels neutral.", "It is perceived as neither pleasant nor unpleasant."),
    change=("The atmosphere shifted from {before} to {after} {at}.", "Starting out {before}, it turned {after} {at}."),
    change_level=("Sound levels became {after} {at}.", "It grew {after} {at}."),
    notable=("A brief peak of {level} dB(A) came from {noun} {at}.", "{noun} {at} produced a peak of {level} dB(A)."),
    absent=("No {noun} could be detected.", "There were no signs of {noun}."),
    coverage=("Data are available for {coverage} % of the time.", "Only {coverage} % of the period was captured."),
    uncalibrated=(
        "Keep in mind that the sensor is uncalibrated, so these impressions are indicative only.",
        "Levels are uncalibrated and should be seen as relative.",
    ),
    headline=(
        "{word} soundscape with {noun} {where}",
        "{noun} shape a {word} scene {where}",
        "{where}: a {word} atmosphere",
    ),
)
