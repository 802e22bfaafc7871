"""Names as a company of a million clients has them: some that thousands share, many that few do, in two alphabets."""

from collections.abc import Iterator
from itertools import accumulate
from random import Random


def _listed(text: str) -> list[str]:
    return text.split()


_STEMS = _listed(
    "Иван Смирн Кузнец Попов Васильев Петр Соколов Михайл Новик Федор Мороз Волк Алексе Лебед Семен Егор Павл Козл"
    " Степан Никола Орл Андре Макар Никит Захар Зайц Соловь Борис Яковл Григорь Роман Воробь Серге Кузьм Фрол Александр"
    " Дмитри Корол Гус Кисел Иль Максим Поляк Сорок Виноград Ковал Бел Медвед Антон Тарас Жук Баран Филипп Комар Давыд"
    " Беля Герасим Богдан Осип Сидор Матве Тит Марк Мирон Крыл Кулик Карп Влас Мельник Денис Гаврил Тихон Казак Афанась"
    " Данил Савель Тимофе Фом Чернов Абрам Мартын Ефим Федот Щербак Назар Калин Исак Чайк Быч Селивёрст Рожк Лукь Хрущ"
    " Ершов Цвет Щук Шубин Юдин Якуш Эртел Жигул Пчёл Черкас Шевч Хомяк Цыган Чумак Журавл Звягин Дорох Ерём Аксён"
)
_ENDINGS = ("ов", "ев", "ин", "енко", "ский", "ук", "ян", "швили", "цев", "ников", "ович", "ых")
_MEN = _listed(
    "Александр Сергей Владимир Андрей Алексей Дмитрий Николай Иван Михаил Максим Евгений Виктор Юрий Павел Анатолий"
    " Пётр Константин Артём Фёдор Семён Илья Григорий Роман Олег Игорь Вячеслав Тимур Руслан Марат Эдуард Станислав"
)
_WOMEN = _listed(
    "Елена Ольга Наталья Татьяна Анна Ирина Светлана Мария Екатерина Юлия Анастасия Людмила Галина Надежда Вера Алёна"
    " Ксения Дарья Софья Евгения Оксана Лариса Эльвира Гульнара Алия Жанна Зоя Инна Яна Любовь Полина Маргарита"
)
_FORMS = ("ООО", "ООО", "ООО", "АО", "ЗАО", "ПАО", "ИП", "LLC", "GmbH", "")
_FIRMS = _listed(
    "Ромашка Вектор Полюс Гранит Сигма Заря Меридиан Северный Ветер Строй Сервис Торг Альянс Прогресс Мастер Дом Плюс"
    " Техно Инвест Групп Логистика Транс Авто Мебель Пром Снаб Энерго Медицина Аптека Кофейня Пекарня Бумага Металл Лес"
    " Нефть Газ Вода Свет Окна Двери Рыба Мясо Молоко Хлеб Сахар Соль Чай Восток Запад Юг Волга Урал Сибирь Байкал Дон"
    " Orion Baltic Trade Capital Global Media Soft Data Cloud Solar Nova Delta Omega Atlas Vega Lumen Forge Harbor"
)
_FOREIGN = _listed(
    "O'Brien Müller Nguyễn İbrahim Çelik Yılmaz Łukasz Kowalczyk Ševčenko García Peñalver Lindström Zoë Schmidt"
    " D'Artagnan Oʻzbekov Əliyev Jovanović Dvořák Brown Wilson Anderson MacDonald Rossi Silva Kim Tanaka Singh Haddad"
)
_NUMBERED = 5
"""Of so many organisations one has a number in its name."""


def _common(words: list[str]) -> list[float]:
    """Return how often each of these words occurs, added up: of a thousand the first in 2 %, of thirty in 7 %."""
    return list(accumulate(1 / rank for rank, _ in enumerate(words, start=10)))


def people(seed: int = 1) -> Iterator[tuple[str, str]]:
    """Give the kind and the name of one client after the other: six of ten are persons."""
    random = Random(seed)
    surnames = [stem + ending for ending in _ENDINGS for stem in _STEMS]
    lists = [surnames, _MEN, _WOMEN, _FIRMS, _FOREIGN]
    weighed = [(words, _common(words)) for words in lists]

    def one(kind: int) -> str:
        words, weights = weighed[kind]
        return random.choices(words, cum_weights=weights)[0]

    while True:
        chance = random.random()
        if chance < 0.05:
            yield "person", f"{one(4)} {one(4)}"
        elif chance < 0.6:
            is_woman = chance < 0.3
            surname, father = one(0), one(1)
            patronymic = father[:-1] + "евич" if father[-1] in "йь" else father + "ович"
            if is_woman:
                surname += "а" if surname.endswith(("в", "н")) else ""
                patronymic = patronymic[:-2] + "на"
            if random.random() < 0.02:
                surname += f"-{one(0)}"
            yield "person", f"{surname} {one(2 if is_woman else 1)} {patronymic}"
        else:
            form, first, second = random.choice(_FORMS), one(3), one(3)
            name = f"{first}{second.lower()}" if chance < 0.7 else f"{first} {second}"
            if random.randrange(_NUMBERED) == 0:
                name += f" {random.randrange(10_000)}"
            yield "organisation", f"{form} «{name}»".strip() if form else name
