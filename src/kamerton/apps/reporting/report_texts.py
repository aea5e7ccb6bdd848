"""What reports and result pages say about people, in both languages: no gender, no verdict of worth, figures in
the language's own form. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kamerton.apps.decisions.reasons import decimal, probability
from kamerton.apps.decisions.rules import CATEGORY_WORDS, OUTCOME_WORDS, probability_words
from kamerton.values.texts import LangText, in_language

NBSP = "\u00a0"

FLAG_TEXTS: dict[str, LangText] = {
    "at_limit": {
        "ru": "Оценка на краю шкалы: интервал открыт в одну сторону",
        "en": "The estimate is at the end of the scale: the interval is open on one side",
    },
    "levels_not_separated": {
        "ru": "Задания не разделяют соседние уровни: показана общая полоса",
        "en": "The items do not separate neighbouring levels: the merged band is shown",
    },
    "severity_not_linked": {
        "ru": "Наблюдатели не связаны общими участниками: строгость не сравнить",
        "en": "The assessors share no participants: their severity cannot be compared",
    },
    "severity_not_removed": {
        "ru": "Поправка на строгость не сделана: мало данных",
        "en": "Severity was not removed: too few data",
    },
    "one_rater": {"ru": "Оценивал один наблюдатель", "en": "One assessor rated"},
    "insufficient": {"ru": "Свидетельств недостаточно", "en": "Not enough evidence"},
    "not_measured": {"ru": "Не наблюдалось", "en": "Not observed"},
    "assumed_error": {
        "ru": "Ошибка принята по умолчанию, не измерена",
        "en": "The error is assumed, not measured",
    },
    "central_rater": {
        "ru": "Один из наблюдателей держится середины шкалы",
        "en": "One of the assessors keeps to the middle of the scale",
    },
    "severe_rater": {
        "ru": "Один из наблюдателей строже других",
        "en": "One of the assessors is more severe than the others",
    },
    "lenient_rater": {
        "ru": "Один из наблюдателей мягче других",
        "en": "One of the assessors is more lenient than the others",
    },
    "error_floor": {
        "ru": "Ошибка теста принята не меньше наименьшей допустимой",
        "en": "The test's error was raised to the smallest allowed",
    },
    "block_insufficient": {
        "ru": "Больше пятой части блока теста не предъявлено: блок не учтён",
        "en": "More than a fifth of the test block was not presented: the block is left out",
    },
    "clipped": {
        "ru": "После поправки на строгость оценка упёрлась в край шкалы",
        "en": "After the severity correction a rating reached the end of the scale",
    },
    "conflict": {
        "ru": "Инструменты расходятся сильнее, чем объясняет ошибка",
        "en": "The instruments differ by more than their error explains",
    },
}

UNKNOWN_FLAG: LangText = {"ru": "Пометка расчёта: {code}", "en": "Flag of the run: {code}"}

GENITIVE_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


_SHORT_WORD = re.compile(r"(?<![\w\u00a0-])([А-Яа-яЁё]{1,2}|№) (?=\S)")
_NUMBER_AND_NOUN = re.compile(r"(?<!\d)(\d(?:[\d,.]*\d)?) (?=[А-Яа-яЁё%])")


def tied(text: str) -> str:
    """Russian lines do not break after a word of one or two letters, nor between a number and its noun."""
    once = _SHORT_WORD.sub(rf"\1{NBSP}", text)
    return _NUMBER_AND_NOUN.sub(rf"\1{NBSP}", _SHORT_WORD.sub(rf"\1{NBSP}", once))


def say(language: str, ru: str, en: str) -> str:
    return ru if language.startswith("ru") else en


def flag_text(code: str, language: str) -> str:
    return in_language(FLAG_TEXTS.get(code, UNKNOWN_FLAG), language).format(code=code)


def plural(count: int, forms: Sequence[str]) -> str:
    """The Russian form for a number: (one, few, many)."""
    tail = abs(count) % 100
    if tail % 10 == 1 and tail != 11:
        return forms[0]
    return forms[1] if 2 <= tail % 10 <= 4 and not 12 <= tail <= 14 else forms[2]


def counted(count: int, language: str, ru: Sequence[str], en: Sequence[str]) -> str:
    """ "4 места" / "4 seats", bound by a no-break space."""
    word = plural(count, ru) if language.startswith("ru") else en[0 if count == 1 else 1]
    return f"{count}{NBSP}{word}"


def level(value: float, language: str) -> str:
    return decimal(value, 1, language)


def composite(value: float, language: str) -> str:
    return decimal(value, 2, language)


def error(se: float, language: str, places: int = 1) -> str:
    """ "± 0,4"; on the scale never below 0.1."""
    return f"±{NBSP}{decimal(max(se, 0.1) if places == 1 else se, places, language)}"


def band(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def long_date(day: date, language: str) -> str:
    month = say(language, GENITIVE_MONTHS[day.month - 1], MONTHS[day.month - 1])
    return f"{day.day}{NBSP}{month}{NBSP}{day.year}"


def moment(at: datetime, zone: str, language: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    day = say(
        language, f"{local:%d.%m.%Y}", f"{local.day}{NBSP}{MONTHS[local.month - 1][:3]}{NBSP}{local.year}"
    )
    return f"{day}, {local:%H:%M}"


def category_word(category: str, language: str) -> str:
    return in_language(CATEGORY_WORDS[category], language)


def listed(words: Sequence[str], language: str) -> str:
    """ "«A», «B» и «C»"."""
    quoted = [say(language, f"«{word}»", f"“{word}”") for word in words]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {say(language, 'и', 'and')} {quoted[-1]}"


def seats_finding(
    *,
    needed: int,
    ready: int,
    growing: int,
    hire: int,
    low: float,
    high: float,
    interval: float,
    language: str,
) -> str:
    """The sentence above the seats: whole seats, and the interval in which the number to hire lies."""
    share = f"{round(interval * 100)}{say(language, NBSP, '')}%"
    lo, hi = round(low), round(high)
    if language.startswith("ru"):
        span = f"ровно {lo}" if lo == hi else f"от {lo} до {hi}"
        return (
            f"Нужно {counted(needed, language, ('место', 'места', 'мест'), ())}: готовы около{NBSP}{ready}, "
            f"вырастим{NBSP}{growing}, нанять{NBSP}{hire}. С{NBSP}вероятностью {share} нанимать придётся {span}"
        )
    span = f"exactly {lo}" if lo == hi else f"from {lo} to {hi}"
    return (
        f"{counted(needed, language, (), ('seat', 'seats'))} needed: about {ready} ready, {growing} to grow, "
        f"{hire} to hire. With {share} probability the number to hire is {span}"
    )


def people_finding(counts: dict[str, int], assessed: int, language: str) -> str:
    """The sentence when there is no plan of seats."""
    ready = counts.get("ready", 0) + counts.get("probably_ready", 0)
    more = counts.get("open", 0) + counts.get("insufficient", 0)
    people = counted(assessed, language, ("человек", "человека", "человек"), ("person", "people"))
    return say(
        language,
        f"Оценено {people}: готовы или вероятно готовы {ready}, с{NBSP}развитием {counts.get('developing', 0)}, "
        f"нужны ещё данные по{NBSP}{more}",
        f"{people} assessed: {ready} ready or probably ready, {counts.get('developing', 0)} with development, "
        f"{more} need more evidence",
    )


def outside_note(counts: dict[str, int], language: str) -> str:
    """How many of the outside candidates could fill a seat."""
    total = sum(counts.values())
    if not total:
        return ""
    ready = counts.get("ready", 0) + counts.get("probably_ready", 0)
    grow, more = counts.get("developing", 0), counts.get("open", 0) + counts.get("insufficient", 0)
    return say(
        language,
        f"Внешних кандидатов {total}: готовы или вероятно готовы {ready}, с{NBSP}развитием {grow}, на{NBSP}границе {more}.",
        f"{total} outside candidates: {ready} ready or probably ready, {grow} with development, {more} open.",
    )


def next_step(*, category: str, is_outside: bool, settle: str, role: str, decided: str, language: str) -> str:
    """The last column: what was decided, else what would come next."""
    if decided:
        return say(
            language,
            f"решено: {in_language(OUTCOME_WORDS[decided], 'ru')}",
            f"decided: {in_language(OUTCOME_WORDS[decided], 'en')}",
        )
    if category in {"open", "insufficient"}:
        return (
            say(language, f"ещё данные: {settle}", f"more evidence: {settle}")
            if settle
            else say(language, "ещё данные", "more evidence")
        )
    if category == "other_role" and role:
        return role
    if category == "other_role":
        category = "not_a"
    feedback = (
        say(language, "обратная связь", "feedback")
        if is_outside
        else say(language, "отчёт и ИПР", "report and plan")
    )
    return {
        "ready": say(language, "предложить место", "offer a seat"),
        "probably_ready": say(language, "решение комиссии", "panel decides"),
        "developing": say(language, "план развития", "development plan"),
        "not_a": say(language, "беседа о ролях", "talk about roles"),
    }.get(category, feedback)


def composite_sentence(value: float, se: float, cut: float, language: str) -> str:
    """Where the composite stands to its cut, and whether the error leaves the difference standing."""
    shown = f"{composite(value, language)}{NBSP}{error(se, language, 2)}"
    if composite(value, language) == composite(cut, language):
        where = say(
            language,
            f"на линии порога {composite(cut, language)}",
            f"at the line of the cut {composite(cut, language)}",
        )
        return say(language, f"Общий балл {shown}: {where}.", f"Composite {shown}: {where}.")
    by = decimal(abs(value - cut), 2, language)
    within = abs(value - cut) < se
    side = (value > cut, say(language, "выше", "above"), say(language, "ниже", "below"))
    word = side[1] if side[0] else side[2]
    remark = say(
        language,
        "это меньше ошибки" if within else "это больше ошибки",
        "less than its error" if within else "more than its error",
    )
    return say(
        language,
        f"Общий балл {shown} при пороге {composite(cut, language)}: {word} на {by}, {remark}.",
        f"Composite {shown} against a cut of {composite(cut, language)}: {by} {word}, {remark}.",
    )


def chance_sentence(p: float, language: str) -> str:
    """The probability with its words."""
    words = in_language(probability_words(p), language)
    return say(
        language,
        f"Вероятность соответствия роли {probability(p, language)}: {words}.",
        f"Probability of fitting the role {probability(p, language)}: {words}.",
    )


def profile_sentence(strengths: Sequence[str], gaps: Sequence[str], language: str) -> str:
    """Relative strengths and gaps, or that the profile is flat within its error."""
    if not strengths and not gaps:
        return say(
            language,
            "Профиль ровный: компетенции различаются меньше, чем на ошибку оценки.",
            "The profile is level: the competencies differ by less than the error.",
        )
    up = say(
        language,
        f"Выше остальных у себя: {listed(strengths, language)}",
        f"Higher than the rest: {listed(strengths, language)}",
    )
    down = say(language, f"ниже: {listed(gaps, language)}", f"lower: {listed(gaps, language)}")
    if not gaps:
        return f"{up}."
    if not strengths:
        return f"{down[0].upper()}{down[1:]}."
    return f"{up}; {down}."


def to_target(value: float, target: float, language: str) -> str:
    """Distance to the target in words; rounding decides the words, not the category."""
    by = decimal(abs(value - target), 1, language)
    if by in {"0,0", "0.0"}:
        return say(language, "на уровне цели", "at the target")
    if value > target:
        return say(language, f"выше цели на {by}", f"{by} above target")
    return say(language, f"до цели {by}", f"{by} to target")


def minimum_words(mark: str, language: str) -> str:
    """What the interval says about the minimum; never "passed" or "failed"."""
    if mark == "below":
        return say(language, "интервал ниже минимума", "interval below minimum")
    if mark == "crosses":
        return say(language, "интервал задевает минимум", "interval crosses minimum")
    return ""


def severity_words(
    severity: float, se: float, is_lenient: bool, is_severe: bool, is_central: bool, language: str
) -> str:
    """What an assessor's figure means, in one sentence."""
    by = decimal(abs(severity), 1, language)
    parts: list[str] = []
    if is_lenient:
        parts.append(
            say(
                language,
                f"ставит выше других на{NBSP}{by}: оценки понижены на{NBSP}столько же",
                f"rates {by} higher than the others: ratings were lowered by as much",
            )
        )
    elif is_severe:
        parts.append(
            say(
                language,
                f"ставит ниже других на{NBSP}{by}: оценки повышены на{NBSP}столько же",
                f"rates {by} lower than the others: ratings were raised by as much",
            )
        )
    if is_central:
        parts.append(
            say(
                language,
                "держится середины шкалы: это видно, но не исправляется; нужны тренинг и второй наблюдатель",
                "keeps to the middle: this is flagged, not repaired; retrain and rate twice",
            )
        )
    if not parts:
        parts.append(
            say(language, "в пределах обычного разброса", "within the usual spread")
            if abs(severity) <= max(0.3, 1.96 * se)
            else say(
                language,
                "отличается от пула, но меньше порога пометки",
                "differs from the pool, below the bound of a flag",
            )
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}"
