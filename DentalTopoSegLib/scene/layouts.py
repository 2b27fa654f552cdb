"""The dental layout: panoramic view above, axial slice and teeth in 3D below."""

from __future__ import annotations

from typing import Any

from .nodes import nodes_of
from .views import PANORAMIC_TAG

#: Any number that Slicer's own layouts (all below 100) do not have.
DENTAL_LAYOUT = 3216
#: Slice views of another group neither follow the crosshair of the others nor show where they cut them.
PANORAMIC_GROUP = 3216
_XML = f"""
<layout type="vertical" split="true">
 <item splitSize="480">
  <view class="vtkMRMLSliceNode" singletontag="{PANORAMIC_TAG}">
   <property name="orientation" action="default">Coronal</property>
   <property name="viewlabel" action="default">P</property>
   <property name="viewcolor" action="default">#8D6FC9</property>
   <property name="viewgroup" action="default">{PANORAMIC_GROUP}</property>
  </view>
 </item>
 <item splitSize="520">
  <layout type="horizontal" split="true">
   <item>
    <view class="vtkMRMLSliceNode" singletontag="Red">
     <property name="orientation" action="default">Axial</property>
     <property name="viewlabel" action="default">R</property>
     <property name="viewcolor" action="default">#F34A33</property>
    </view>
   </item>
   <item>
    <view class="vtkMRMLViewNode" singletontag="1">
     <property name="viewlabel" action="default">1</property>
    </view>
   </item>
  </layout>
 </item>
</layout>
"""


def register_dental_layout(layouts: Any) -> None:
    """Make the dental layout known to a vtkMRMLLayoutNode; safe to call twice."""
    if not layouts.IsLayoutDescription(DENTAL_LAYOUT):
        layouts.AddLayoutDescription(DENTAL_LAYOUT, _XML)


def is_dental_layout_shown(scene: Any) -> bool:
    """True while the scene's views are arranged in the dental layout."""
    return any(node.GetViewArrangement() == DENTAL_LAYOUT for node in nodes_of(scene, "vtkMRMLLayoutNode"))


def show_volume(scene: Any, volume: Any) -> None:
    """Have every slice view but the panoramic one show a volume below the teeth."""
    for node in nodes_of(scene, "vtkMRMLSliceCompositeNode"):
        if node.GetLayoutName() != PANORAMIC_TAG:
            node.SetBackgroundVolumeID(volume.GetID())
