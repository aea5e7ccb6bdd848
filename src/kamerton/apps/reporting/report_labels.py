"""Fixed words of the printed report: labels and the page on method. Pure."""

from __future__ import annotations

from kamerton.values.texts import LangText, in_language

LABELS: dict[str, LangText] = {
    "brand": {"ru": "Камертон", "en": "Kamerton"},
    "report_no": {"ru": "Отчёт №", "en": "Report No."},
    "of": {"ru": "из", "en": "of"},
    "simulated": {"ru": "данные смоделированы", "en": "simulated data"},
    "kicker": {"ru": "Отчёт об оценке для роли «{role}»", "en": "Assessment report for the role “{role}”"},
    "kicker_candidate": {
        "ru": "Обратная связь по оценке, роль «{role}»",
        "en": "Feedback on the assessment, role “{role}”",
    },
    "category": {"ru": "Предложение системы", "en": "The system proposes"},
    "probability": {"ru": "Вероятность", "en": "Probability"},
    "composite": {"ru": "Общий балл", "en": "Composite"},
    "cut": {"ru": "Порог", "en": "Cut"},
    "meaning": {"ru": "Что это значит", "en": "What this means"},
    "strengths": {"ru": "На что опереться", "en": "What to build on"},
    "develop": {"ru": "Что развивать", "en": "What to develop"},
    "no_strengths": {
        "ru": "Ни одна компетенция не выделяется больше, чем на ошибку оценки.",
        "en": "No competency stands out by more than its error.",
    },
    "no_gaps": {
        "ru": "Все оценки не ниже цели роли.",
        "en": "Every estimate is at or above the role's target.",
    },
    "who_sees": {"ru": "Кто видит этот отчёт", "en": "Who sees this report"},
    "profile": {"ru": "Профиль и роль", "en": "Profile and role"},
    "headline_note": {
        "ru": "Решение опирается на общий балл и три группы компетенций: их измеряют точнее, чем отдельные компетенции.",
        "en": "The decision rests on the composite and three clusters: they are measured better than single competencies.",
    },
    "competencies": {"ru": "Отдельные компетенции", "en": "Single competencies"},
    "competency_note": {
        "ru": "Для обратной связи и развития. Где надёжность ниже 0,70, показаны уровни, а не число.",
        "en": "For feedback and development. Where reliability is below .70, levels stand instead of a number.",
    },
    "competency_note_candidate": {
        "ru": "Полоса показывает уровни шкалы от 1 до 5, в которых лежит оценка с учётом её ошибки.",
        "en": "The band shows the levels, from 1 to 5, in which the estimate lies, its error counted.",
    },
    "measure": {"ru": "Показатель", "en": "Measure"},
    "competency": {"ru": "Компетенция", "en": "Competency"},
    "estimate": {"ru": "Оценка", "en": "Estimate"},
    "error": {"ru": "±1 SE", "en": "±1 SE"},
    "remark": {"ru": "К цели роли", "en": "To the target"},
    "level": {"ru": "Уровень", "en": "Level"},
    "legend_estimate": {"ru": "оценка, полоса ±1 SE, линия 95 %", "en": "estimate, band ±1 SE, line 95%"},
    "legend_target": {"ru": "цель роли", "en": "target of the role"},
    "legend_wall": {
        "ru": "минимум (уровень k начинается с k − 0,5)",
        "en": "minimum (level k begins at k − 0.5)",
    },
    "proposal": {"ru": "Почему такое предложение", "en": "Why this is proposed"},
    "other_roles": {"ru": "Другие роли", "en": "Other roles"},
    "role": {"ru": "Роль", "en": "Role"},
    "decision": {"ru": "Решение", "en": "Decision"},
    "run": {"ru": "расчёт №", "en": "run No."},
    "reason": {"ru": "Основание", "en": "Reason"},
    "first_steps": {"ru": "Первые шаги", "en": "First steps"},
    "evidence": {"ru": "На чём основаны оценки", "en": "What the estimates rest on"},
    "evidence_note": {
        "ru": "Оценка каждого инструмента по шкале 1–5. Полужирным: основной инструмент, вес 2. Пусто: не измеряет.",
        "en": "Each instrument's estimate on the scale 1–5. Bold: main instrument, weight 2. Empty: does not measure.",
    },
    "instrument": {"ru": "Инструмент", "en": "Instrument"},
    "method": {"ru": "Как получено каждое число", "en": "How each number came about"},
    "run_identity": {"ru": "Чем это подтвердить", "en": "What vouches for it"},
    "what": {"ru": "Что", "en": "What"},
    "value": {"ru": "Значение", "en": "Value"},
    "way_back": {
        "ru": "Путь от этого отчёта назад к ответам и оценкам печатает команда:",
        "en": "This command prints the way from this report back to answers and ratings:",
    },
    "fact_run": {"ru": "Расчёт", "en": "Run"},
    "fact_algorithms": {"ru": "Алгоритмы", "en": "Algorithms"},
    "fact_inputs": {"ru": "Людей, оценок, ответов", "en": "People, ratings, answers"},
    "fact_prior": {"ru": "Вероятности", "en": "Probabilities"},
    "fact_framework": {"ru": "Модель и процедура", "en": "Framework and procedure"},
    "fact_code": {"ru": "Версия, зерно, розыгрыши", "en": "Code version, seed, draws"},
    "fact_inputs_digest": {"ru": "Отпечаток входа", "en": "Digest of the input"},
    "fact_outputs_digest": {"ru": "Отпечаток выхода", "en": "Digest of the output"},
    "fact_fit_digest": {"ru": "Отпечаток результата", "en": "Digest of the fit"},
    "fact_stability": {
        "ru": "Та же категория при повторе",
        "en": "Same category if assessed again",
    },
}

METHOD: tuple[LangText, ...] = (
    {
        "ru": "Шкала идёт от 1 до 5; уровень k это полоса от k − 0,5 до k + 0,5. Требование «уровень 3» значит оценку не ниже 2,5.",
        "en": "The scale runs from 1 to 5; level k is the band from k − 0.5 to k + 0.5. A requirement of level 3 means 2.5 or more.",
    },
    {
        "ru": "Тест. Баллы блока переведены в уровни по таблице, которую составили эксперты: они указали ожидаемый балл человека на "
        "границах уровней. Шкалу задаёт роль, а не другие участники.",
        "en": "Test. Points of a block became levels by a table of the expert panel, which stated the expected points of a person "
        "just at each level. The role sets the scale, not the other participants.",
    },
    {
        "ru": "Оценки наблюдателей. Из каждой оценки вычтена строгость наблюдателя, найденная по парам оценок одного выступления. "
        "Исходные оценки сохранены.",
        "en": "Ratings. The severity of each assessor, found from pairs of ratings of the same performance, was taken out. The raw "
        "ratings are kept.",
    },
    {
        "ru": "Сведение. Инструменты взвешены по матрице процедуры: основной 2, дополнительный 1. Веса названы до оценки и не "
        "меняются под результат.",
        "en": "Combination. Instruments are weighted by the matrix of the procedure: main 2, second 1. The weights were stated before "
        "the assessment and do not bend to the result.",
    },
    {
        "ru": "Ошибка (SE) учитывает, что другие упражнения, другие наблюдатели и другие задания дали бы другое число. Две компетенции "
        "одного человека различимы, если разница не меньше {difference} уровня.",
        "en": "The error (SE) counts that other exercises, other assessors and other items would have given another number. Two "
        "competencies of one person can be told apart from a difference of {difference} level on.",
    },
    {
        "ru": "Вероятность соответствия роли: доля розыгрышей, в которых все минимумы и порог общего балла выполнены одновременно. "
        "Пол, возраст, подразделение и путь в отбор в расчёт не входят.",
        "en": "The probability of fitting the role is the share of draws in which all minimums and the composite cut hold at once. "
        "Sex, age, unit and route into the selection do not enter.",
    },
    {
        "ru": "Система предлагает, решает человек. Решение против предложения записывается с основанием.",
        "en": "The system proposes, a person decides. A decision against the proposal is recorded with its reason.",
    },
)


def labels(language: str, audience: str) -> dict[str, str]:
    words = {key: in_language(text, language) for key, text in LABELS.items()}
    if audience == "candidate":
        words["competency_note"] = words["competency_note_candidate"]
    return words


def method_paragraphs(language: str, difference: str) -> list[str]:
    paragraphs = [in_language(text, language) for text in METHOD]
    return [text.format(difference=difference or "1") for text in paragraphs]
