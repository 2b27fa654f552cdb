"""The section Export."""


class ExportPanel:
    def __init__(self, ui, reviewPanel) -> None:
        self.ui = ui

    def update(self) -> None:
        pass
