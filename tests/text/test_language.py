"""Languages of short texts are told, and where nothing can be told, nothing is."""

import pytest

from astra_data.text.language import LANGUAGES, LEAST_CONFIDENCE, language_of

SHORT = {
    "en": ["List my open issues and close the oldest one.", "How is the weather in Paris?", "Book a table for two at 7."],
    "fr": ["Convertis 3 miles en kilomètres.", "Quel temps fera-t-il demain à Paris ?", "Supprime les ventes sous 80 unités."],
    "de": ["Rechne 3 Meilen in Kilometer um.", "Wie wird das Wetter morgen in Paris?", "Lösche die Verkäufe unter 80 Stück."],
    "es": ["Convierte 3 millas a kilómetros.", "¿Cuántas tiendas abrieron después de 2015?"],
    "it": ["Che tempo farà domani a Parigi?", "Elimina le vendite sotto le 80 unità."],
    "pt": ["Como estará o tempo amanhã em Paris?", "Apague as vendas abaixo de 80 unidades."],
    "nl": ["Wat voor weer wordt het morgen in Parijs?"],
    "pl": ["Jaka będzie jutro pogoda w Paryżu?"],
    "tr": ["Bu belgeyi hemen sil ve bana haber ver."],
    "ru": ["Какая завтра погода в Париже?"],
    "zh": ["明天巴黎的天气怎么样?", "订机票", "用 git 查看 repo 的提交历史"],
    "ja": ["明日のパリの天気はどうですか。", "東京の天気"],
    "ko": ["내일 파리 날씨는 어때?"],
    "ar": ["كيف سيكون الطقس غدا في باريس؟"],
    "hi": ["कल पेरिस में मौसम कैसा रहेगा?"],
    "vi": ["Thời tiết ở Paris ngày mai thế nào?"],
}


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in SHORT.items() for text in texts])
def test_a_short_text_is_given_its_language(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["", "  ", "OK", "ls", "12345 67890", "SELECT * FROM users WHERE id = 7", "https://example.com/le/temps/de/paris",
             '{"a": 1}', "/workspace/repo/main.py", "git_status", "a@b.example", "😀😀"]
)
def test_a_text_in_no_language_has_none(text: str) -> None:
    assert language_of(text) is None


def test_what_stands_in_code_links_and_paths_does_not_count() -> None:
    assert language_of("Lösche bitte die Datei `please remove the file from this folder`.") == "de"
    assert language_of("Ouvre https://example.com/the/weather/of/tomorrow et dis-moi le temps qu'il fera.") == "fr"


def test_confidence_is_the_bar_for_an_answer() -> None:
    assert LEAST_CONFIDENCE == 0.4
    assert language_of("Convert density between units.") is None, "English, with a probability of 0.3"


def test_codes_are_two_letters_and_unique() -> None:
    assert all(len(name) == 2 for name in LANGUAGES)
    assert len(set(LANGUAGES)) == len(LANGUAGES) == 43


def test_the_same_text_has_the_same_language_whatever_came_before() -> None:
    texts = [text for texts in SHORT.values() for text in texts]
    assert [language_of(text) for text in texts] == [language_of(text) for text in reversed(texts)][::-1]
