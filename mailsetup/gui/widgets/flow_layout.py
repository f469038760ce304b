"""What needs more height where there is less room: rows of buttons, buttons with texts in them."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QLayout, QLayoutItem, QSizePolicy, QWidget

from mailsetup.gui.theme import Space

# It stands before one of Qt's buttons, whose own base it must not be a second time.
if TYPE_CHECKING:
    _Button = QAbstractButton
else:
    _Button = object


class SizedByLayout(_Button):
    """A button as large as what is laid out in it; by itself it would only measure its own text."""

    def grow_with_texts(self) -> None:
        """Take the height that the texts need; to be called once the layout is there."""
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """What the layout wants."""
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Narrower than that, texts wrap."""
        layout = self.layout()
        return layout.minimumSize() if layout is not None else super().minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        """Wrapped texts are higher where there is less room."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of the layout at this width."""
        layout = self.layout()
        return layout.heightForWidth(width) if layout is not None else -1


class FlowLayout(QLayout):
    """From the side where reading begins to the other, then down. Hidden widgets take no room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(Space.SMALL)
        self.apart: int = Space.SMALL
        """Between two in a row."""

    def addItem(self, item: QLayoutItem) -> None:
        """One more at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at a place, if there is one."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove the item at a place."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Neither."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height that all rows need."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put everything in its place."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """Room for all beside each other."""
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self.apart * max(len(shown) - 1, 0)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:
        """Room for the widest."""
        shown = [item.minimumSize() for item in self._items if not item.isEmpty()]
        return QSize(
            max((size.width() for size in shown), default=0),
            max((size.height() for size in shown), default=0),
        )

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        parent = self.parentWidget()
        mirrored = parent is not None and parent.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x, y, row = 0, 0, 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint().boundedTo(QSize(rect.width(), item.sizeHint().height()))
            if x and x + size.width() > rect.width():
                x, y, row = 0, y + row + self.spacing(), 0
            if move:
                left = rect.width() - x - size.width() if mirrored else x
                item.setGeometry(QRect(rect.topLeft() + QPoint(left, y), size))
            x, row = x + size.width() + self.apart, max(row, size.height())
        return y + row


def wrapping_row(*widgets: QWidget, apart: int = Space.SMALL) -> QWidget:
    """A holder for widgets that stand side by side as far as there is room.

    ``apart`` is the room between them, in logical pixels: bare words need more than buttons.
    """
    holder = QWidget()
    layout = FlowLayout(holder)
    layout.apart = apart
    for widget in widgets:
        layout.addWidget(widget)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    holder.setSizePolicy(policy)
    return holder
