<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en_US">
    <context>
        <name>DentalTopoSeg</name>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>1. Segment</source>
            <translation>1. Segmentieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>2. Review</source>
            <translation>2. Prüfen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>3. Export</source>
            <translation>3. Exportieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>A dental CBCT (volume) or an intraoral scan (model).</source>
            <translation>Ein dentales DVT (Volumen) oder ein Intraoralscan (Modell).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>A new segmentation</source>
            <translation>Eine neue Segmentierung</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>A segmentation is running already.</source>
            <translation>Es läuft bereits eine Segmentierung.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>A segmentation that is there already: its teeth are replaced, its other segments stay. Undo in Review takes it back.</source>
            <translation>Eine bereits vorhandene Segmentierung: Ihre Zähne werden ersetzt, ihre anderen Segmente bleiben. „Rückgängig“ unter „Prüfen“ nimmt es zurück.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Absent</source>
            <translation>Fehlt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Absent teeth:</source>
            <translation>Fehlende Zähne:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Add network</source>
            <translation>Netz hinzufügen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Add the network of others, an nnU-Net that a colleague has converted: a folder or a zip. It is checked first, and its licence is shown.</source>
            <translation>Das Netz anderer hinzufügen, ein nnU-Net, das jemand umgewandelt hat: ein Ordner oder ein Zip. Erst wird es geprüft und seine Lizenz gezeigt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Advanced</source>
            <translation>Erweitert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Also segment:</source>
            <translation>Außerdem:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Arithmetic:</source>
            <translation>Rechenart:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Arrange the views after a run</source>
            <translation>Ansichten danach anordnen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>CBCT files, DICOM folders and intraoral scans, in any depth.</source>
            <translation>DVT-Dateien, DICOM-Ordner und Intraoralscans, in beliebiger Ordnertiefe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>CBCT:</source>
            <translation>DVT:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Check again</source>
            <translation>Erneut prüfen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Choose a CBCT or an intraoral scan</source>
            <translation>DVT oder Intraoralscan wählen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Choose the folder.</source>
            <translation>Ordner wählen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>DICOM files of the scan ...</source>
            <translation>DICOM-Dateien des Scans ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>DentalTopoSeg</source>
            <translation>DentalTopoSeg</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Dentition:</source>
            <translation>Gebiss:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Edit</source>
            <translation>Bearbeiten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>End the close look: show every tooth as before.</source>
            <translation>Nahansicht beenden: Alle Zähne wieder wie zuvor zeigen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Fewer triangles: turns more quickly on slow computers.</source>
            <translation>Weniger Dreiecke: dreht sich auf langsamen Computern flüssiger.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>File names begin with:</source>
            <translation>Dateinamen beginnen mit:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>Finds, outlines and numbers the teeth of a dental CBCT or of intraoral scans on this computer's own processor, checks the result and proposes repairs. See the &lt;a href="https://github.com/DentalTopoSeg/SlicerDentalTopoSeg"&gt;tutorial&lt;/a&gt;. Research software, not a medical device: a clinician must check every result.</source>
            <translation>Findet, umreißt und nummeriert die Zähne in einem dentalen DVT oder in Intraoralscans auf dem Prozessor dieses Computers, prüft das Ergebnis und schlägt Korrekturen vor. Siehe &lt;a href="https://github.com/DentalTopoSeg/SlicerDentalTopoSeg"&gt;Anleitung&lt;/a&gt;. Forschungssoftware, kein Medizinprodukt: Jedes Ergebnis muss von einer Zahnärztin oder einem Zahnarzt geprüft werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Folder with scans:</source>
            <translation>Ordner mit Scans:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Folder:</source>
            <translation>Ordner:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Fuse</source>
            <translation>Vereinen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Fuse CBCT and intraoral scans</source>
            <translation>DVT und Intraoralscans vereinen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>How many cores the computation may use. The result is the same with any number.</source>
            <translation>Wie viele Prozessorkerne die Berechnung nutzen darf. Das Ergebnis ist mit jeder Anzahl dasselbe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>How much in front of and behind the arch is laid flat. Thin shows roots and canals sharply, thick looks like an X-ray.</source>
            <translation>Wie viel vor und hinter dem Zahnbogen in die Fläche gelegt wird. Dünn zeigt Wurzeln und Kanäle scharf, dick sieht wie eine Röntgenaufnahme aus.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>How teeth are called: FDI 16, Universal 3 and Palmer UR6 are the same tooth. Can be changed at any time.</source>
            <translation>Wie Zähne benannt werden: FDI 16, Universal 3 und Palmer UR6 sind derselbe Zahn. Kann jederzeit geändert werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>In the views, the line from the selected tooth to where the nerve canal or the maxillary sinus is nearest, with its length and how sure that is. What was not seen in the scan has no line.</source>
            <translation>In den Ansichten die Linie vom gewählten Zahn dorthin, wo Nervkanal oder Kieferhöhle am nächsten sind, mit ihrer Länge und deren Unsicherheit. Was im Scan nicht zu sehen war, hat keine Linie.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Its teeth:</source>
            <translation>Dessen Zähne:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Jaw:</source>
            <translation>Kiefer:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Jaws and airway</source>
            <translation>Kiefer und Atemweg</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Look at every tooth again. Edited teeth are looked at on their own.</source>
            <translation>Alle Zähne erneut prüfen. Bearbeitete Zähne werden von selbst geprüft.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Look twice (slower)</source>
            <translation>Zweimal hinsehen (langsamer)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Lower jaw:</source>
            <translation>Unterkiefer:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Many scans</source>
            <translation>Viele Scans</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Mark on the chart</source>
            <translation>Im Zahnschema markieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Name of the result:</source>
            <translation>Name des Ergebnisses:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Nerve canals and sinuses</source>
            <translation>Nervkanäle und Kieferhöhlen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Network: built in</source>
            <translation>Netz: mitgeliefert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Networks run by:</source>
            <translation>Netze laufen mit:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>No result yet</source>
            <translation>Noch kein Ergebnis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>No scan</source>
            <translation>Kein Scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>None: one jaw only</source>
            <translation>Keiner: nur ein Kiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Nothing of the patient goes into file names unless you write it here.</source>
            <translation>Patientendaten kommen nur dann in die Dateinamen, wenn Sie sie hier eintragen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Of the surfaces only; the voxels stay as they are.</source>
            <translation>Nur der Oberflächen; die Voxel bleiben, wie sie sind.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Other jaw:</source>
            <translation>Anderer Kiefer:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Paint and erase in Segment Editor: it opens with this result, its scan and the selected tooth. What you change is checked again by itself.</source>
            <translation>Im Segment Editor malen und radieren: Er öffnet sich mit diesem Ergebnis, seinem Scan und dem gewählten Zahn. Was Sie ändern, wird von selbst erneut geprüft.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Panoramic view</source>
            <translation>Panoramaansicht</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Panoramic view, axial slice and teeth in 3D, all at the teeth. Other arrangements are in Slicer's layout menu.</source>
            <translation>Panoramaansicht, axiale Schicht und Zähne in 3D, alle bei den Zähnen. Andere Anordnungen finden Sie im Layout-Menü von Slicer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Press, then click on the chart the teeth that are not there: extracted, or never formed.</source>
            <translation>Drücken, dann im Zahnschema die Zähne anklicken, die nicht da sind: gezogen oder nie angelegt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Press, then click the right position on the chart.</source>
            <translation>Drücken, dann die richtige Stelle im Zahnschema anklicken.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Processor cores:</source>
            <translation>Prozessorkerne:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Pulps, enamel, fillings and implants</source>
            <translation>Pulpen, Schmelz, Füllungen und Implantate</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Quick is as good in our tests; exact takes a few times longer.</source>
            <translation>„Schnell“ ist in unseren Tests ebenso gut; „Genau“ dauert einige Male länger.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Redo</source>
            <translation>Wiederholen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Remove the chosen network from this computer. The built-in ones stay.</source>
            <translation>Das gewählte Netz von diesem Rechner entfernen. Die mitgelieferten bleiben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Renumber</source>
            <translation>Umnummerieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Research software, not a medical device: a clinician must check every result.</source>
            <translation>Forschungssoftware, kein Medizinprodukt: Jedes Ergebnis muss zahnärztlich geprüft werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Results are called after the scans' files and folders.</source>
            <translation>Die Ergebnisse heißen nach den Dateien und Ordnern der Scans.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Results go to:</source>
            <translation>Ergebnisse nach:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Scan:</source>
            <translation>Scan:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Segment Teeth</source>
            <translation>Zähne segmentieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Segment all</source>
            <translation>Alle segmentieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Segment it too</source>
            <translation>Auch segmentieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show all teeth</source>
            <translation>Alle zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show in 3D</source>
            <translation>In 3D zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show panoramic view</source>
            <translation>Panoramaansicht zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show the distance to nerve canal or sinus</source>
            <translation>Abstand zu Nervkanal oder Kieferhöhle zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Shows:</source>
            <translation>Zeigt:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Simplifying:</source>
            <translation>Vereinfachen:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Smoothing:</source>
            <translation>Glätten:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>State that this tooth is not there: extracted, or never formed. The numbers of the others follow; Undo takes it back.</source>
            <translation>Angeben, dass dieser Zahn nicht da ist: gezogen oder nie angelegt. Die Nummern der anderen folgen; Rückgängig nimmt es zurück.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>Stopped, because the scan was deleted.</source>
            <translation>Abgebrochen, weil der Scan gelöscht wurde.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>Stopped, because the scene was closed.</source>
            <translation>Abgebrochen, weil die Szene geschlossen wurde.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Take this tooth out of the result, as something that is no tooth.</source>
            <translation>Diesen Zahn aus dem Ergebnis nehmen, weil er kein Zahn ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Teeth go into:</source>
            <translation>Zähne kommen in:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Teeth in 3D</source>
            <translation>Zähne in 3D</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Teeth that are not there: the next run gives none of their numbers. They are crossed out on the chart.</source>
            <translation>Zähne, die nicht da sind: Der nächste Lauf vergibt keine ihrer Nummern. Im Zahnschema sind sie durchgestrichen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The CBCT, with the roots.</source>
            <translation>Das DVT mit den Wurzeln.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The intraoral scan of the lower jaw, or its result: with numbered teeth it is not segmented again.</source>
            <translation>Der Intraoralscan des Unterkiefers oder dessen Ergebnis: Sind die Zähne nummeriert, wird er nicht noch einmal segmentiert.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The intraoral scan of the other jaw, if there is one. Both must lie in their bite.</source>
            <translation>Der Intraoralscan des anderen Kiefers, falls vorhanden. Beide müssen in Okklusion liegen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The intraoral scan of the upper jaw, or its result: with numbered teeth it is not segmented again.</source>
            <translation>Der Intraoralscan des Oberkiefers oder dessen Ergebnis: Sind die Zähne nummeriert, wird er nicht noch einmal segmentiert.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The mean looks like an X-ray; the brightest voxels show enamel, fillings and implants.</source>
            <translation>Der Mittelwert sieht wie eine Röntgenaufnahme aus; die hellsten Voxel zeigen Schmelz, Füllungen und Implantate.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The nerve canals of the lower jaw and the maxillary sinuses of a CBCT, with their distances from the roots. It takes longer.</source>
            <translation>Die Nervkanäle des Unterkiefers und die Kieferhöhlen eines DVT, mit ihren Abständen von den Wurzeln. Es dauert länger.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The networks look at the CBCT twice, also at its mirror image, and the mean counts. It takes about one and a half times as long; try it where a result is doubtful.</source>
            <translation>Die Netze sehen sich das DVT zweimal an, auch sein Spiegelbild, und der Mittelwert zählt. Das dauert etwa anderthalbmal so lange; versuchen Sie es, wo ein Ergebnis zweifelhaft ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>The networks were trained on phantoms built from real patients' teeth and on public intraoral scans; their model cards name the data.</source>
            <translation>Die Netze wurden mit Phantomen aus Zähnen echter Patienten und mit öffentlichen Intraoralscans trainiert; ihre Modellkarten nennen die Daten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The numbered teeth of this CBCT, where it is segmented already.</source>
            <translation>Die nummerierten Zähne dieses DVT, falls es schon segmentiert ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>The result could not be put into the scene ({error}): please report it.</source>
            <translation>Das Ergebnis konnte nicht in die Szene übernommen werden ({error}): Bitte melden Sie es.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The result to review. Tooth segmentations of other programs can be checked here too.</source>
            <translation>Das Ergebnis, das geprüft wird. Auch Zahnsegmentierungen anderer Programme können hier geprüft werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The results are the same; OpenVINO may be quicker, and is one more package to install.</source>
            <translation>Die Ergebnisse sind dieselben; OpenVINO ist vielleicht schneller, muss aber zusätzlich installiert werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The scans go back to where they were, the fused teeth go, and numbers that were decided are as before. Teeth that were segmented on the way stay.</source>
            <translation>Die Scans liegen wieder, wo sie waren, die vereinten Zähne verschwinden, und entschiedene Nummern sind wie zuvor. Zähne, die dabei segmentiert wurden, bleiben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Thickness:</source>
            <translation>Dicke:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Tooth numbers:</source>
            <translation>Zahnnummern:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Undo the fusion</source>
            <translation>Vereinigung zurücknehmen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Upper and lower jaw and the airway of a CBCT. It takes longer.</source>
            <translation>Ober- und Unterkiefer und der Atemweg eines DVT. Es dauert länger.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Upper jaw:</source>
            <translation>Oberkiefer:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>What lies in the teeth of a CBCT, and what a dentist put in. It takes longer.</source>
            <translation>Was in den Zähnen eines DVT liegt, und was ein Zahnarzt eingesetzt hat. Es dauert länger.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>What looks at a CBCT: the built-in networks, or one of others that you have added.</source>
            <translation>Was ein DVT ansieht: die mitgelieferten Netze oder eines von anderen, das Sie hinzugefügt haben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Whether milk teeth may stand among the teeth.</source>
            <translation>Ob unter den Zähnen Milchzähne stehen können.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Which jaw the first intraoral scan shows. A CBCT needs no answer.</source>
            <translation>Welchen Kiefer der erste Intraoralscan zeigt. Ein DVT braucht keine Angabe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>all</source>
            <translation>alle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>the scan's name and "teeth"</source>
            <translation>der Name des Scans und „teeth“</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegLib</name>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/same_jaw.py"/>
            <source>'{first}' and '{second}' are the same scan: give one upper and one lower jaw.</source>
            <translation>„{first}“ und „{second}“ sind derselbe Scan: Geben Sie einen Oberkiefer und einen Unterkiefer an.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/same_jaw.py"/>
            <source>'{first}' and '{second}' both look like {looks:words}: one of them is probably the wrong file.</source>
            <translation>„{first}“ und „{second}“ sehen beide wie {looks:words} aus: Einer davon ist vermutlich die falsche Datei.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' has no thickness in one direction: check its spacing in Volumes.</source>
            <translation>„{name}“ hat in einer Richtung keine Dicke: Prüfen Sie den Voxelabstand im Modul „Volumes“.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' has no triangles, only points: export the scan as a surface.</source>
            <translation>„{name}“ hat keine Dreiecke, nur Punkte: Exportieren Sie den Scan als Oberfläche.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>'{name}' has no voxels yet: segment a scan first.</source>
            <translation>„{name}“ hat noch keine Voxel: Segmentieren Sie zuerst einen Scan.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' holds no image yet: load the scan again, or choose another volume.</source>
            <translation>„{name}“ enthält noch kein Bild: Laden Sie den Scan neu, oder wählen Sie ein anderes Volumen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' holds no surface yet: load the scan again, or choose another model.</source>
            <translation>„{name}“ enthält noch keine Oberfläche: Laden Sie den Scan neu, oder wählen Sie ein anderes Modell.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>'{name}' holds no teeth that can be told apart: segment a scan first.</source>
            <translation>„{name}“ enthält keine unterscheidbaren Zähne: Segmentieren Sie zuerst einen Scan.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is a colour image, no CBCT: choose the CBCT volume.</source>
            <translation>„{name}“ ist ein Farbbild, kein DVT: Wählen Sie das DVT-Volumen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is a label map, no scan: choose the CBCT volume.</source>
            <translation>„{name}“ ist eine Labelmap, kein Scan: Wählen Sie das DVT-Volumen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is a single slice, no CBCT: choose the whole volume.</source>
            <translation>„{name}“ ist eine einzelne Schicht, kein DVT: Wählen Sie das ganze Volumen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>'{name}' is chosen for both jaws: choose the model of the other jaw too.</source>
            <translation>„{name}“ ist für beide Kiefer gewählt: Wählen Sie auch das Modell des anderen Kiefers.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is neither a volume nor a model: choose a scan.</source>
            <translation>„{name}“ ist weder ein Volumen noch ein Modell: Wählen Sie einen Scan.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/surfaces.py"/>
            <source>'{name}' is no longer a surface of triangles: segment the scan again.</source>
            <translation>„{name}“ ist keine Dreiecksoberfläche mehr: Segmentieren Sie den Scan erneut.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>'{name}' is no segmentation: choose one, or a new one.</source>
            <translation>„{name}“ ist keine Segmentierung: Wählen Sie eine oder eine neue.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>'{name}' is under a transform that distorts it: harden the transform or take it off.</source>
            <translation>„{name}“ liegt unter einer verzerrenden Transformation: Härten Sie die Transformation, oder entfernen Sie sie.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>'{name}' lies outside the CBCT: choose its own teeth.</source>
            <translation>„{name}“ liegt außerhalb des DVT: Wählen Sie dessen eigene Zähne.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>.</source>
            <translation>,</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>3D view</source>
            <translation>3D-Ansicht</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>; it may be {fdi:tooth}</source>
            <translation>; es könnte {fdi:tooth} sein</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining_canals.py"/>
            <source>A canal is no tooth: give a label map that also holds what lies around the teeth.</source>
            <translation>Ein Kanal ist kein Zahn: Geben Sie eine Labelkarte an, die auch enthält, was um die Zähne liegt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>A colour per tooth</source>
            <translation>Eine Farbe pro Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining_canals.py"/>
            <source>A surface scan shows no canal: give a label map of a CBCT.</source>
            <translation>Ein Oberflächenscan zeigt keinen Kanal: Geben Sie eine Labelkarte eines DVT an.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>A volume and a model cannot be segmented together: choose one after the other.</source>
            <translation>Ein Volumen und ein Modell können nicht gemeinsam segmentiert werden: Wählen Sie eins nach dem anderen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/merging.py"/>
            <source>Add what touches tooth {teeth[1]:tooth} under the number {teeth[0]:tooth} to tooth {teeth[1]:tooth}</source>
            <translation>Was Zahn {teeth[1]:tooth} berührt und die Nummer {teeth[0]:tooth} trägt, dem Zahn {teeth[1]:tooth} zuschlagen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>All teeth are permanent</source>
            <translation>Alle Zähne sind bleibende</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Along the axis that an implant would take; widths ± {unsure:.1f} mm by the voxels alone.</source>
            <translation>Entlang der Achse, die ein Implantat nähme; Breiten ± {unsure:.1f} mm allein durch die Voxel.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>An intraoral scan has no voxels: export its models.</source>
            <translation>Ein Intraoralscan hat keine Voxel: Exportieren Sie seine Modelle.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Axial slice at the place</source>
            <translation>Axialer Schnitt an der Stelle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Axial slice through the lower teeth, seen from below</source>
            <translation>Axialer Schnitt durch die unteren Zähne, von unten gesehen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Axial slice through the upper teeth, seen from below</source>
            <translation>Axialer Schnitt durch die oberen Zähne, von unten gesehen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Bone below the enamel, at most</source>
            <translation>Knochen unter dem Schmelz, höchstens</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Both models are said to be the {jaw:words} jaw: choose one upper and one lower jaw.</source>
            <translation>Beide Modelle sind als {jaw:words} angegeben: Wählen Sie einen Oberkiefer und einen Unterkiefer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Building a phantom scan</source>
            <translation>Phantom-Scan wird erzeugt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/tables.py"/>
            <source>CSV</source>
            <translation>CSV</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Checking the teeth</source>
            <translation>Zähne werden geprüft</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Checks: {counts:words}.</source>
            <translation>Prüfungen: {counts:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/making.py"/>
            <source>Choose a number first: {what:clause}.</source>
            <translation>Wählen Sie zuerst eine Nummer: {what:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Choose a scan first: a CBCT volume, or the model of one jaw or of both.</source>
            <translation>Wählen Sie zuerst einen Scan: ein DVT-Volumen oder das Modell eines Kiefers oder beider Kiefer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Choose a tooth or a finding: it is then shown in the chart, in 3D and in the tables.</source>
            <translation>Wählen Sie einen Zahn oder einen Befund: Er wird dann im Zahnschema, in 3D und in den Tabellen gezeigt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Choose one model, or two: the upper and the lower jaw.</source>
            <translation>Wählen Sie ein Modell oder zwei: den Oberkiefer und den Unterkiefer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Choose one volume at a time.</source>
            <translation>Wählen Sie immer nur ein Volumen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>Choose the number first.</source>
            <translation>Wählen Sie zuerst die Nummer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>Choose the scan of one jaw, or of both.</source>
            <translation>Wählen Sie den Scan eines Kiefers oder beider Kiefer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Choose two teeth: {fdi:tooth} cannot change its number with itself.</source>
            <translation>Wählen Sie zwei Zähne: {fdi:tooth} kann die Nummer nicht mit sich selbst tauschen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/tunnels.py"/>
            <source>Close the hole through tooth {teeth[0]:tooth}</source>
            <translation>Loch durch Zahn {teeth[0]:tooth} schließen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Close-up</source>
            <translation>Nahansicht</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/taking_numbers.py"/>
            <source>Compare the numbers of the CBCT and the intraoral scan</source>
            <translation>Nummern des DVT und des Intraoralscans vergleichen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Computing time</source>
            <translation>Rechenzeit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Cone beam CT</source>
            <translation>Digitale Volumentomographie (DVT)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Confidence</source>
            <translation>Konfidenz</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Contradiction: correct it before you use the result</source>
            <translation>Widerspruch: Berichtigen Sie ihn, bevor Sie das Ergebnis verwenden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Coronal slice at the place</source>
            <translation>Koronaler Schnitt an der Stelle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Coronal slice, seen from the front</source>
            <translation>Koronaler Schnitt, von vorn gesehen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Crown</source>
            <translation>Krone</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Crown surface</source>
            <translation>Kronenfläche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Crown to root</source>
            <translation>Krone zu Wurzel</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Cut by the scan</source>
            <translation>Vom Scan abgeschnitten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/dicom_seg.py"/>
            <source>DICOM SEG</source>
            <translation>DICOM SEG</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/dicom_stl.py"/>
            <source>DICOM STL</source>
            <translation>DICOM STL</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Drag to turn, use the wheel or two fingers to come nearer, click a tooth to choose it. With the keyboard: arrow keys turn, + and − come nearer and go away, Home looks from the front, Escape chooses nothing.</source>
            <translation>Ziehen dreht, das Mausrad oder zwei Finger holen näher heran, ein Klick wählt einen Zahn. Mit der Tastatur: Pfeiltasten drehen, + und − holen heran und schieben weg, Pos1 schaut von vorn, Escape hebt die Auswahl auf.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Drawing the borders</source>
            <translation>Grenzen werden gezeichnet</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/exchanging.py"/>
            <source>Exchange left and right for all teeth</source>
            <translation>Links und rechts bei allen Zähnen tauschen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/exchanging.py"/>
            <source>Exchange left and right for all {jaw:words} teeth</source>
            <translation>Links und rechts bei allen Zähnen im {jaw:words} tauschen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Exchange the numbers {teeth[0]:tooth} and {teeth[1]:tooth}</source>
            <translation>Nummern {teeth[0]:tooth} und {teeth[1]:tooth} tauschen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/exchanging.py"/>
            <source>Exchange upper and lower for all teeth</source>
            <translation>Oberkiefer und Unterkiefer bei allen Zähnen tauschen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>FDI</source>
            <translation>FDI</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Files and their SHA-256 checksums</source>
            <translation>Dateien und ihre SHA-256-Prüfsummen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/filling.py"/>
            <source>Fill what is hollow in tooth {teeth[0]:tooth}</source>
            <translation>Hohlraum in Zahn {teeth[0]:tooth} füllen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Finding the jaw's position</source>
            <translation>Lage des Kiefers wird bestimmt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Finding the teeth</source>
            <translation>Zähne werden gesucht</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Findings</source>
            <translation>Befunde</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>For this finding no repair can be made by itself: edit the tooth in Segment Editor.</source>
            <translation>Dieser Befund kann nicht automatisch korrigiert werden: Bearbeiten Sie den Zahn im Segment Editor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>For your information</source>
            <translation>Zu Ihrer Information</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>From above</source>
            <translation>Von oben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>From below</source>
            <translation>Von unten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>From the front</source>
            <translation>Von vorn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>From the patient's left</source>
            <translation>Von der linken Seite des Patienten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>From the patient's right</source>
            <translation>Von der rechten Seite des Patienten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Front</source>
            <translation>Vorn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>GLB</source>
            <translation>GLB</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give tooth {fdi:tooth} another number</source>
            <translation>Zahn {fdi:tooth} eine andere Nummer geben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give tooth {fdi:tooth} the number {to:tooth}</source>
            <translation>Zahn {fdi:tooth} die Nummer {to:tooth} geben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give {what:words} a number of its own</source>
            <translation>Eigene Nummer vergeben an {what:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give {what:words} the number {to:tooth}</source>
            <translation>Nummer {to:tooth} vergeben an {what:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Gum</source>
            <translation>Zahnfleisch</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Height</source>
            <translation>Höhe</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Height ends at</source>
            <translation>Die Höhe endet an</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Holes through it</source>
            <translation>Durchgehende Löcher</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Hollows</source>
            <translation>Hohlräume</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>How this was made</source>
            <translation>Wie dies entstanden ist</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Intraoral scan, lower jaw</source>
            <translation>Intraoralscan, Unterkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Intraoral scan, upper jaw</source>
            <translation>Intraoralscan, Oberkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/frame_uncertain.py"/>
            <source>It is not certain how the jaw lies in '{name}' (confidence {percent} %): check front and back, and the numbers.</source>
            <translation>Es ist nicht sicher, wie der Kiefer in „{name}“ liegt (Konfidenz {percent} %): Prüfen Sie vorn und hinten sowie die Nummern.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/jaw_uncertain.py"/>
            <source>It is not certain that '{name}' is {looks:words} (confidence {percent} %): state the jaw if you know it.</source>
            <translation>Es ist nicht sicher, dass „{name}“ {looks:words} ist (Konfidenz {percent} %): Geben Sie den Kiefer an, wenn Sie ihn kennen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/report_json.py"/>
            <source>JSON</source>
            <translation>JSON</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining_canals.py"/>
            <source>Join the pieces of the {name:words} along the jaw; {gap_mm:.1f} mm of it are drawn without being seen</source>
            <translation>Teile entlang des Kiefers verbinden ({name:words}); {gap_mm:.1f} mm davon werden gezeichnet, ohne gesehen zu sein</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Join the pieces of tooth {teeth[0]:tooth}</source>
            <translation>Teile von Zahn {teeth[0]:tooth} verbinden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Laying the scans over the CBCT</source>
            <translation>Scans werden auf das DVT gelegt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Leans to the cheek</source>
            <translation>Neigung zur Wange</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Leans to the midline</source>
            <translation>Neigung zur Mittellinie</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/separating.py"/>
            <source>Leave a gap between teeth {teeth[0]:tooth} and {teeth[1]:tooth}</source>
            <translation>Spalt zwischen den Zähnen {teeth[0]:tooth} und {teeth[1]:tooth} lassen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>Left and right are exchanged in the {jaw:words} jaw: its teeth fit their places only when every number changes sides.</source>
            <translation>Links und rechts sind im {jaw:words} vertauscht: Die Zähne passen nur an ihre Plätze, wenn jede Nummer die Seite wechselt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>Left and right are exchanged: the teeth fit their places only when every number changes sides.</source>
            <translation>Links und rechts sind vertauscht: Die Zähne passen nur an ihre Plätze, wenn jede Nummer die Seite wechselt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Left side</source>
            <translation>Linke Seite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Length</source>
            <translation>Länge</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Licence of three.js</source>
            <translation>Lizenz von three.js</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Lower jaw, from above</source>
            <translation>Unterkiefer, von oben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Lower teeth</source>
            <translation>Untere Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>Milk teeth or not is left open</source>
            <translation>Ob es Milchzähne gibt, bleibt offen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/nifti.py"/>
            <source>NIfTI</source>
            <translation>NIfTI</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Networks</source>
            <translation>Netze</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>No distance, because</source>
            <translation>Kein Abstand, denn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/tunnels.py"/>
            <source>No hole runs through tooth {fdi:tooth}: there is nothing to close.</source>
            <translation>Durch Zahn {fdi:tooth} geht kein Loch: Es gibt nichts zu schließen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/repair.py"/>
            <source>No number is needed to do this: {what:clause}.</source>
            <translation>Dafür wird keine Nummer gebraucht: {what:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>No teeth were found, so there is nothing to show.</source>
            <translation>Es wurden keine Zähne gefunden, daher gibt es nichts zu zeigen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>No tooth was found on '{name}'.</source>
            <translation>Auf „{name}“ wurde kein Zahn gefunden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>No tooth would keep a number: state only those that are absent.</source>
            <translation>Kein Zahn behielte eine Nummer: Geben Sie nur die Zähne an, die fehlen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>No {jaw:words} tooth was found: the {jaw:words} jaw lies outside the scan or has no teeth.</source>
            <translation>Im {jaw:words} wurde kein Zahn gefunden: Der {jaw:words} liegt außerhalb des Scans oder ist zahnlos.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Notes on {name}</source>
            <translation>Hinweise zu {name}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/merging.py"/>
            <source>Nothing with the number {part:tooth} touches tooth {whole:tooth}: there is nothing to add to it.</source>
            <translation>Nichts mit der Nummer {part:tooth} berührt Zahn {whole:tooth}: Es gibt nichts, was ihm zugeschlagen werden könnte.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Numbering the teeth</source>
            <translation>Zähne werden nummeriert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Numbers</source>
            <translation>Nummern</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>OBJ</source>
            <translation>OBJ</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_volume.py"/>
            <source>Of tooth {fdi:tooth} only the pulp is labelled: {volume} mm³.</source>
            <translation>Von Zahn {fdi:tooth} ist nur die Pulpa segmentiert: {volume} mm³.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Out of the bone to in it</source>
            <translation>Außerhalb des Knochens zu darin</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>PLY</source>
            <translation>PLY</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Panoramic view, the patient's right on the left, with nerve canals and sinuses; a canal is dashed where it is drawn, not seen; findings have their numbers</source>
            <translation>Panoramaansicht, rechts des Patienten links im Bild, mit Nervkanälen und Kieferhöhlen; ein Kanal ist gestrichelt, wo er gezeichnet ist, nicht gesehen; Befunde haben ihre Nummern</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Panoramic view, the patient's right on the left; findings have their numbers</source>
            <translation>Panoramaansicht, die rechte Seite des Patienten ist links; Befunde tragen ihre Nummern</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Patches of gum</source>
            <translation>Zahnfleischflecken</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Patient's left</source>
            <translation>Links (Patient)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Patient's right</source>
            <translation>Rechts (Patient)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Pictures</source>
            <translation>Bilder</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Pieces</source>
            <translation>Teile</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Place (right, front, up; mm): {place}</source>
            <translation>Ort (rechts, vorn, oben; mm): {place}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Place in the file (x, y, z): {place}</source>
            <translation>Ort in der Datei (x, y, z): {place}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/site_sections.py"/>
            <source>Place of tooth {fdi:tooth}, cross-section with the axis: maximum of {thick:.0f} mm (MIP), the cheek on the right</source>
            <translation>Platz von Zahn {fdi:tooth}, Querschnitt mit der Achse: Maximum über {thick:.0f} mm (MIP), die Wange rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/site_sections.py"/>
            <source>Place of tooth {fdi:tooth}, cross-section with the axis: mean of {thick:.0f} mm, the cheek on the right</source>
            <translation>Platz von Zahn {fdi:tooth}, Querschnitt mit der Achse: Mittel über {thick:.0f} mm, die Wange rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>Please check tooth {fdi:tooth} and its number: {doubt:words}.</source>
            <translation>Bitte prüfen Sie Zahn {fdi:tooth} und seine Nummer: {doubt:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Possible repair: {repair}.</source>
            <translation>Mögliche Korrektur: {repair}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Possible repairs:</source>
            <translation>Mögliche Korrekturen:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Probably wrong: look at it</source>
            <translation>Wahrscheinlich falsch: Sehen Sie es sich an</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Programs</source>
            <translation>Programme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Pulp</source>
            <translation>Pulpa</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/replacing.py"/>
            <source>Put the teeth of the new segmentation in place of those before</source>
            <translation>Die Zähne der neuen Segmentierung an die Stelle der bisherigen setzen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Reading the scan</source>
            <translation>Scan wird gelesen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/loose_pieces.py"/>
            <source>Remove the loose specks of {teeth:teeth}</source>
            <translation>Lose Teilchen entfernen ({teeth:teeth})</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/deleting.py"/>
            <source>Remove the second tooth {fdi:tooth}: it is no tooth</source>
            <translation>Den zweiten Zahn {fdi:tooth} entfernen: Er ist kein Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/loose_pieces.py"/>
            <source>Remove the small pieces of tooth {teeth[0]:tooth}</source>
            <translation>Kleine Teile von Zahn {teeth[0]:tooth} entfernen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/deleting.py"/>
            <source>Remove tooth {teeth[0]:tooth}: it is no tooth</source>
            <translation>Zahn {teeth[0]:tooth} entfernen: Es ist kein Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/deleting.py"/>
            <source>Remove what has no number: it is no tooth</source>
            <translation>Das Objekt ohne Nummer entfernen: Es ist kein Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Renumber as they stand: {steps:words}</source>
            <translation>Nach ihrer Stellung umnummerieren: {steps:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/report.py"/>
            <source>Research software, not a medical device. A clinician must check every result.</source>
            <translation>Forschungssoftware, kein Medizinprodukt. Jedes Ergebnis muss fachlich geprüft werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Right side</source>
            <translation>Rechte Seite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Root</source>
            <translation>Wurzel</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>STL</source>
            <translation>STL</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Sagittal slice, seen from the patient's right</source>
            <translation>Sagittaler Schnitt, von der rechten Seite des Patienten gesehen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Sampling the surface</source>
            <translation>Oberfläche wird abgetastet</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Say "upper" or "lower" for each model, or leave the jaw open.</source>
            <translation>Geben Sie für jedes Modell „upper“ (oben) oder „lower“ (unten) an, oder lassen Sie den Kiefer offen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Score</source>
            <translation>Punktwert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Scripts are switched off: the 3D view and the links between teeth and findings do not work.</source>
            <translation>Skripte sind abgeschaltet: Die 3D-Ansicht und die Verbindungen zwischen Zähnen und Befunden gehen nicht.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Separating the teeth</source>
            <translation>Zähne werden getrennt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Shape</source>
            <translation>Form</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Show the place</source>
            <translation>Die Stelle zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Show {teeth:teeth}</source>
            <translation>{teeth:teeth} zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>Simplifying is from 0 to 0.95, not {value}.</source>
            <translation>Vereinfachen geht von 0 bis 0,95, nicht {value}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Skip to the findings</source>
            <translation>Zu den Befunden springen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>Slicer could not make surfaces of the teeth.</source>
            <translation>Slicer konnte keine Oberflächen der Zähne erzeugen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>Slicer refused the segment of '{name}'.</source>
            <translation>Slicer hat das Segment von '{name}' abgelehnt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>Slicer refused the segment of tooth {number}.</source>
            <translation>Slicer hat das Segment von Zahn {number} abgelehnt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>Slicer refused to change segment '{key}' of '{name}'.</source>
            <translation>Slicer hat die Änderung des Segments „{key}“ von „{name}“ abgelehnt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>Smoothing is from 0 to 1, not {value}.</source>
            <translation>Glätten geht von 0 bis 1, nicht {value}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>Something else lies in the gap of the {name:words}: draw the part between.</source>
            <translation>In der Lücke liegt etwas anderes ({name:words}): Zeichnen Sie das Stück dazwischen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/extra_tooth.py"/>
            <source>Something like a tooth near {near:tooth} has no number: a supernumerary tooth, a part of a neighbour, or something that is no tooth.</source>
            <translation>Etwas Zahnähnliches nahe {near:tooth} hat keine Nummer: ein überzähliger Zahn, ein Teil eines Nachbarzahns oder etwas, das kein Zahn ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/splitting.py"/>
            <source>Split tooth {teeth[0]:tooth} into {teeth[0]:tooth} and {teeth[1]:tooth}</source>
            <translation>Zahn {teeth[0]:tooth} in {teeth[0]:tooth} und {teeth[1]:tooth} teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/stated.py"/>
            <source>Stated absent: {numbers}.</source>
            <translation>Als fehlend angegeben: {numbers}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/stated.py"/>
            <source>Stated: a mixed dentition, in which milk teeth may stand.</source>
            <translation>Angegeben: ein Wechselgebiss, in dem Milchzähne stehen können.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/stated.py"/>
            <source>Stated: permanent teeth only.</source>
            <translation>Angegeben: nur bleibende Zähne.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/taking_numbers.py"/>
            <source>Take the numbers of the CBCT and the intraoral scan together: {steps:words}</source>
            <translation>Nummern von DVT und Intraoralscan zusammen übernehmen: {steps:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth in 3D</source>
            <translation>Zähne in 3D</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth of {name}</source>
            <translation>Zähne von {name}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>Teeth were edited since: take these edits back first (Undo in Review), then undo the fusion.</source>
            <translation>Zähne wurden seither bearbeitet: Nehmen Sie zuerst diese Schritte zurück (Rückgängig unter Prüfen), dann die Vereinigung.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/separating.py"/>
            <source>Teeth {a:tooth} and {b:tooth} do not touch: there is nothing to separate.</source>
            <translation>Die Zähne {a:tooth} und {b:tooth} berühren sich nicht: Es gibt nichts zu trennen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/merged_neighbours.py"/>
            <source>Teeth {first:tooth} and {second:tooth} share an unusually large border ({area} mm²): they may be one tooth, or not be separated where they should be.</source>
            <translation>Die Zähne {first:tooth} und {second:tooth} haben eine ungewöhnlich große gemeinsame Grenzfläche ({area} mm²): Sie könnten ein Zahn sein oder nicht dort getrennt, wo sie es sein sollten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>Teeth {numbers}</source>
            <translation>Die Zähne {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth, from the patient's right to left</source>
            <translation>Zähne, von rechts nach links des Patienten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth, lower jaw, from the patient's right to left</source>
            <translation>Zähne, Unterkiefer, von rechts nach links des Patienten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth, upper jaw, from the patient's right to left</source>
            <translation>Zähne, Oberkiefer, von rechts nach links des Patienten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The 3D view is made with three.js {version} (MIT licence).</source>
            <translation>Die 3D-Ansicht ist mit three.js {version} gemacht (MIT-Lizenz).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>The CBCT</source>
            <translation>Das DVT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>The axes of '{name}' are not perpendicular: resample it, for example with Crop Volume.</source>
            <translation>Die Achsen von „{name}“ stehen nicht senkrecht aufeinander: Rastern Sie es neu, zum Beispiel mit „Crop Volume“.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>The bone where teeth are missing</source>
            <translation>Der Knochen, wo Zähne fehlen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The checks found nothing to say.</source>
            <translation>Die Prüfungen haben nichts zu beanstanden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/surfaces.py"/>
            <source>The colours of '{name}' are gone: segment the scan again.</source>
            <translation>Die Farben von „{name}“ fehlen: Segmentieren Sie den Scan erneut.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly large: its surface is {value} mm², where {usual} mm² is usual and {low} to {high} mm² are believable.</source>
            <translation>Die Krone von Zahn {fdi:tooth} ist unplausibel groß: Ihre Oberfläche beträgt {value} mm², üblich sind {usual} mm², glaubhaft {low} bis {high} mm².</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly large: its width is {value} mm, where {usual} mm is usual and {low} to {high} mm are believable.</source>
            <translation>Die Krone von Zahn {fdi:tooth} ist unplausibel groß: Ihre Breite beträgt {value} mm, üblich sind {usual} mm, glaubhaft {low} bis {high} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly small: its surface is {value} mm², where {usual} mm² is usual and {low} to {high} mm² are believable.</source>
            <translation>Die Krone von Zahn {fdi:tooth} ist unplausibel klein: Ihre Oberfläche beträgt {value} mm², üblich sind {usual} mm², glaubhaft {low} bis {high} mm².</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly small: its width is {value} mm, where {usual} mm is usual and {low} to {high} mm are believable.</source>
            <translation>Die Krone von Zahn {fdi:tooth} ist unplausibel klein: Ihre Breite beträgt {value} mm, üblich sind {usual} mm, glaubhaft {low} bis {high} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/terminology.py"/>
            <source>The list of teeth '{path}' cannot be read: install the extension again.</source>
            <translation>Die Zahnliste „{path}“ kann nicht gelesen werden: Installieren Sie die Erweiterung neu.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>The model</source>
            <translation>Das Modell</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>The model is no longer in the scene: choose another one.</source>
            <translation>Das Modell ist nicht mehr in der Szene: Wählen Sie ein anderes.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The network's own score for the number of a tooth; it is not a measured probability.</source>
            <translation>Die eigene Bewertung des Netzes für die Nummer eines Zahns; sie ist keine gemessene Wahrscheinlichkeit.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>The number {fdi:tooth} is given to two teeth.</source>
            <translation>Die Nummer {fdi:tooth} ist an zwei Zähne vergeben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>The number {fdi:tooth} is given to two teeth; one of them may be tooth {free:tooth}.</source>
            <translation>Die Nummer {fdi:tooth} ist an zwei Zähne vergeben; einer davon könnte Zahn {free:tooth} sein.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>The number {fdi:tooth} is given to two teeth; the second one may be tooth {free:tooth}.</source>
            <translation>Die Nummer {fdi:tooth} ist an zwei Zähne vergeben; der zweite könnte Zahn {free:tooth} sein.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>The number {fdi:tooth} was given by hand, so it is not found anew: give this tooth another number, or remove it, first.</source>
            <translation>Die Nummer {fdi:tooth} wurde von Hand vergeben, darum wird sie nicht neu bestimmt: Geben Sie diesem Zahn zuerst eine andere Nummer, oder entfernen Sie ihn.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>The number {new:tooth} is another tooth's: give that tooth a number too.</source>
            <translation>Die Nummer {new:tooth} gehört einem anderen Zahn: Geben Sie auch diesem eine Nummer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>The number {new:tooth} is another tooth's: give that tooth another first.</source>
            <translation>Die Nummer {new:tooth} gehört einem anderen Zahn: Geben Sie diesem zuerst eine andere.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>The number {to:tooth} is another tooth's: choose one that is free.</source>
            <translation>Die Nummer {to:tooth} gehört einem anderen Zahn: Wählen Sie eine freie.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>The number {to:tooth} is another tooth's: exchange the two numbers instead.</source>
            <translation>Die Nummer {to:tooth} gehört einem anderen Zahn: Tauschen Sie stattdessen die beiden Nummern.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/panoramic.py"/>
            <source>The panoramic view was not drawn yet.</source>
            <translation>Die Panoramaansicht wurde noch nicht gezeichnet.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>The pieces of the {name:words} lie {gap:.0f} mm apart, too far to be joined: draw the part between.</source>
            <translation>Die Teile liegen {gap:.0f} mm auseinander ({name:words}), zu weit zum Verbinden: Zeichnen Sie das Stück dazwischen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The probability, estimated on synthetic scans, that a tooth with this number is there and is outlined well.</source>
            <translation>Die an künstlichen Scans geschätzte Wahrscheinlichkeit, dass ein Zahn mit dieser Nummer da ist und gut umrissen ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>The result</source>
            <translation>Das Ergebnis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>The result of the fusion is incomplete ('{file}'): run it again.</source>
            <translation>Das Ergebnis der Vereinigung ist unvollständig („{file}“): Starten Sie sie noch einmal.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The result of the segmentation does not fit '{name}': run it again.</source>
            <translation>Das Ergebnis der Segmentierung passt nicht zu „{name}“: Starten Sie sie erneut.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The result of the segmentation is incomplete ('{file}'): run it again.</source>
            <translation>Das Ergebnis der Segmentierung ist unvollständig („{file}“): Starten Sie sie erneut.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The result of the segmentation is incomplete (no {error}): run it again.</source>
            <translation>Das Ergebnis der Segmentierung ist unvollständig ({error} fehlt): Starten Sie sie erneut.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>The same tooth is {cbct:words} in the CBCT and {scan:words} in the intraoral scan: please decide which number is right.</source>
            <translation>Derselbe Zahn ist im DVT {cbct:words} und im Intraoralscan {scan:words}: Bitte entscheiden Sie, welche Nummer richtig ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>The same tooth was {cbct:words} in the CBCT and {scan:words} in the intraoral scan: {fdi:tooth} was taken for both, please check.</source>
            <translation>Derselbe Zahn war im DVT {cbct:words} und im Intraoralscan {scan:words}: Für beide wurde {fdi:tooth} genommen, bitte prüfen Sie das.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>The scan</source>
            <translation>Der Scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/panoramic.py"/>
            <source>The scan of this result is not in the scene: load it to see the panoramic view.</source>
            <translation>Der Scan zu diesem Ergebnis ist nicht in der Szene: Laden Sie ihn, um die Panoramaansicht zu sehen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>The scan that was fused</source>
            <translation>Der vereinte Scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The scan that was segmented</source>
            <translation>Der segmentierte Scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>The segmentation</source>
            <translation>Die Segmentierung</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The segmentation that takes the teeth</source>
            <translation>Die Segmentierung, die die Zähne aufnimmt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>The segments of '{name}' cannot be brought onto one grid.</source>
            <translation>Die Segmente von „{name}“ lassen sich nicht auf ein gemeinsames Gitter bringen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The segments of '{name}' cannot be turned into voxels.</source>
            <translation>Die Segmente von „{name}“ lassen sich nicht in Voxel umwandeln.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/inside_out.py"/>
            <source>The surface of '{name}' is inside out: the exporter may have mirrored it; check left and right.</source>
            <translation>Die Oberfläche von „{name}“ ist nach innen gekehrt: Vielleicht wurde sie beim Export gespiegelt; prüfen Sie links und rechts.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>The teeth are numbered as lower teeth, but their roots point up: upper and lower jaw are probably exchanged.</source>
            <translation>Die Zähne sind als Unterkieferzähne nummeriert, aber ihre Wurzeln zeigen nach oben: Oberkiefer und Unterkiefer sind vermutlich vertauscht.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>The teeth are numbered as upper teeth, but their roots point down: upper and lower jaw are probably exchanged.</source>
            <translation>Die Zähne sind als Oberkieferzähne nummeriert, aber ihre Wurzeln zeigen nach unten: Oberkiefer und Unterkiefer sind vermutlich vertauscht.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/edit.py"/>
            <source>The teeth were changed since: undo the later changes first, or check again for a new proposal.</source>
            <translation>Die Zähne wurden seither geändert: Machen Sie zuerst die späteren Änderungen rückgängig, oder prüfen Sie erneut, um einen neuen Vorschlag zu erhalten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/nodes.py"/>
            <source>The transform '{transform}' flattens {what:clause}: choose another transform.</source>
            <translation>{what:words} wird von der Transformation „{transform}“ flach gedrückt: Wählen Sie eine andere Transformation.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>The two jaws are not in the bite: {reason:words}. Teeth and numbers are not affected, but contacts between the jaws cannot be judged.</source>
            <translation>Die beiden Kiefer stehen nicht in Okklusion: {reason:words}. Zähne und Nummern sind nicht betroffen, aber Kontakte zwischen den Kiefern lassen sich nicht beurteilen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>The two teeth stand in different jaws: their numbers cannot be exchanged.</source>
            <translation>Die beiden Zähne stehen in verschiedenen Kiefern: Ihre Nummern können nicht getauscht werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_branched.py"/>
            <source>The {name:words} has {ends} ends; a canal has two. It may be two canals, or have run into a vessel.</source>
            <translation>{ends} Enden ({name:words}); ein Kanal hat zwei. Es können zwei Kanäle sein, oder er ist in ein Gefäß gelaufen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>The {name:words} is in one piece: there is nothing to join.</source>
            <translation>Ein einziges Stück ({name:words}): Es gibt nichts zu verbinden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_in_pieces.py"/>
            <source>The {name:words} is in {pieces} pieces; the widest gap is {gap:.1f} mm.</source>
            <translation>In {pieces} Teilen ({name:words}); die weiteste Lücke misst {gap:.1f} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/structure_wrong_side.py"/>
            <source>The {name:words} lies on the patient's {side:words}: left and right are exchanged, or the file says wrongly how it lies.</source>
            <translation>Auf der falschen Seite des Patienten, {side:words} ({name:words}): Links und rechts sind vertauscht, oder die Datei sagt falsch, wie sie liegt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the maxillary sinus.</source>
            <translation>Die {root:words} Wurzel von Zahn {fdi:tooth} kommt der Kieferhöhle auf {mm:.1f} mm (± {unsure:.1f} mm) nahe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the nerve canal.</source>
            <translation>Die {root:words} Wurzel von Zahn {fdi:tooth} kommt dem Nervkanal auf {mm:.1f} mm (± {unsure:.1f} mm) nahe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} touches the maxillary sinus, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>Die {root:words} Wurzel von Zahn {fdi:tooth} berührt die Kieferhöhle, oder beinahe ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} touches the nerve canal, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>Die {root:words} Wurzel von Zahn {fdi:tooth} berührt den Nervkanal, oder beinahe ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>There are no teeth to look at.</source>
            <translation>Es gibt keine Zähne zum Ansehen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>There is no tooth here to do this with: {what:clause}.</source>
            <translation>Hier ist kein Zahn, mit dem das möglich wäre: {what:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>There is no tooth {fdi:tooth} here.</source>
            <translation>Hier gibt es keinen Zahn {fdi:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>There is no tooth {number}.</source>
            <translation>Es gibt keinen Zahn {number}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>There is no {name:words} here.</source>
            <translation>Hier nicht vorhanden: {name:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/making.py"/>
            <source>There is nothing to change: {what:clause}.</source>
            <translation>Es gibt nichts zu ändern: {what:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>There is nothing to redo.</source>
            <translation>Es gibt nichts zu wiederholen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>There is nothing to undo.</source>
            <translation>Es gibt nichts rückgängig zu machen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/extra_tooth.py"/>
            <source>There is one tooth more than there are numbers near tooth {fdi:tooth}: a supernumerary tooth, or something that is no tooth.</source>
            <translation>Bei Zahn {fdi:tooth} gibt es einen Zahn mehr als Nummern: ein überzähliger Zahn oder etwas, das kein Zahn ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>There may be milk teeth</source>
            <translation>Es kann Milchzähne geben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>They looked twice (test-time augmentation).</source>
            <translation>Sie haben zweimal hingesehen (Test-Time-Augmentation).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>This browser shows no 3D view (WebGL is not available): the pictures below show the same teeth.</source>
            <translation>Dieser Browser zeigt keine 3D-Ansicht (WebGL ist nicht verfügbar): Die Bilder unten zeigen dieselben Zähne.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>This finding is no longer in the list.</source>
            <translation>Dieser Befund ist nicht mehr in der Liste.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>This finding is settled already.</source>
            <translation>Dieser Befund ist bereits erledigt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>This is stated already: there is nothing to change.</source>
            <translation>Das ist schon angegeben: Es gibt nichts zu ändern.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/wrong_jaw.py"/>
            <source>This looks like {looks:words}, but {said:words} ('{name}', confidence {percent} %).</source>
            <translation>Das sieht wie {looks:words} aus, aber {said:words} („{name}“, Konfidenz {percent} %).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>This page was written</source>
            <translation>Diese Seite wurde geschrieben am</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/volume_review.py"/>
            <source>This place was edited by hand since, so the step cannot be taken back or done again: use the undo of Segment Editor.</source>
            <translation>Diese Stelle wurde seither von Hand bearbeitet, daher kann der Schritt weder rückgängig gemacht noch wiederholt werden: Machen Sie die Änderung im Segment Editor rückgängig.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>This repair is for intraoral scans: in a label map nothing stands without a number.</source>
            <translation>Diese Korrektur ist für Intraoralscans: In einer Labelmap steht nichts ohne Nummer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/tunnels.py"/>
            <source>This repair is for label maps of CBCT: a surface has no inside that a hole could run through.</source>
            <translation>Diese Korrektur ist für Labelmaps von DVTs: Eine Oberfläche hat kein Inneres, durch das ein Loch gehen könnte.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>To the nerve canal</source>
            <translation>Zum Nervkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>To the sinus</source>
            <translation>Zur Kieferhöhle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/jaw_bench.py"/>
            <source>Too few teeth are there to tell which half of tooth {fdi:tooth} is {other:tooth}.</source>
            <translation>Es sind zu wenige Zähne da, um zu sagen, welche Hälfte von Zahn {fdi:tooth} {other:tooth} ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/panoramic.py"/>
            <source>Too few teeth show how the arch runs, so there is no panoramic view.</source>
            <translation>Zu wenige Zähne zeigen den Verlauf des Zahnbogens, daher gibt es keine Panoramaansicht.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Tooth</source>
            <translation>Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth chart (FDI)</source>
            <translation>Zahnschema (FDI)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/separating.py"/>
            <source>Tooth {a:tooth} would fall into pieces if a gap were left between {a:tooth} and {b:tooth}: draw the border by hand.</source>
            <translation>Zahn {a:tooth} würde in Teile zerfallen, wenn zwischen {a:tooth} und {b:tooth} ein Spalt gelassen würde: Zeichnen Sie die Grenze von Hand.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>Tooth {fdi:tooth}</source>
            <translation>Zahn {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Tooth {fdi:tooth} belongs to the {jaw:words} jaw but stands among {other:words} teeth.</source>
            <translation>Zahn {fdi:tooth} gehört in den {jaw:words}, steht aber unter Zähnen im {other:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Tooth {fdi:tooth} belongs to the {jaw:words} jaw but stands in the {other:words}{hint:words}.</source>
            <translation>Zahn {fdi:tooth} gehört in den {jaw:words}, steht aber im {other:words}{hint:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>Tooth {fdi:tooth} belongs to the {side:words} side but stands on the {other:words}{hint:words}.</source>
            <translation>Zahn {fdi:tooth} gehört nach {side:words}, steht aber {other:words}{hint:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>Tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the maxillary sinus.</source>
            <translation>Zahn {fdi:tooth} kommt der Kieferhöhle auf {mm:.1f} mm (± {unsure:.1f} mm) nahe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>Tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the nerve canal.</source>
            <translation>Zahn {fdi:tooth} kommt dem Nervkanal auf {mm:.1f} mm (± {unsure:.1f} mm) nahe.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tunnel.py"/>
            <source>Tooth {fdi:tooth} has a hole running through it.</source>
            <translation>Durch Zahn {fdi:tooth} geht ein Loch.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/hole.py"/>
            <source>Tooth {fdi:tooth} has a patch of gum in its surface, {area:.1f} mm² in all.</source>
            <translation>Zahn {fdi:tooth} hat ein Stück Zahnfleisch in seiner Oberfläche, insgesamt {area:.1f} mm².</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/void.py"/>
            <source>Tooth {fdi:tooth} has an enclosed hollow of {volume:.1f} mm³ in all.</source>
            <translation>Zahn {fdi:tooth} hat einen eingeschlossenen Hohlraum von insgesamt {volume:.1f} mm³.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>Tooth {fdi:tooth} has no enclosed hollow: there is nothing to fill.</source>
            <translation>Zahn {fdi:tooth} hat keinen eingeschlossenen Hohlraum: Es gibt nichts zu füllen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/jaw_bench.py"/>
            <source>Tooth {fdi:tooth} has no patch of gum in its surface: there is nothing to fill.</source>
            <translation>Zahn {fdi:tooth} hat kein Zahnfleisch in seiner Oberfläche: Es gibt nichts zu füllen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Tooth {fdi:tooth} has this number already.</source>
            <translation>Zahn {fdi:tooth} hat diese Nummer bereits.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/void.py"/>
            <source>Tooth {fdi:tooth} has {count} enclosed hollows of {volume:.1f} mm³ in all.</source>
            <translation>Zahn {fdi:tooth} hat {count} eingeschlossene Hohlräume von insgesamt {volume:.1f} mm³.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tunnel.py"/>
            <source>Tooth {fdi:tooth} has {count} holes running through it.</source>
            <translation>Durch Zahn {fdi:tooth} gehen {count} Löcher.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/hole.py"/>
            <source>Tooth {fdi:tooth} has {count} patches of gum in its surface, {area:.1f} mm² in all.</source>
            <translation>Zahn {fdi:tooth} hat {count} Stücke Zahnfleisch in seiner Oberfläche, insgesamt {area:.1f} mm².</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/merged_neighbours.py"/>
            <source>Tooth {fdi:tooth} is as large as two teeth and {other:tooth} was not found: they were probably taken for one.</source>
            <translation>Zahn {fdi:tooth} ist so groß wie zwei Zähne, und {other:tooth} wurde nicht gefunden: Vermutlich wurden beide für einen gehalten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/cut_by_scan_border.py"/>
            <source>Tooth {fdi:tooth} is cut by the border of the scan ({length} mm of its outline); its crown is not complete.</source>
            <translation>Zahn {fdi:tooth} ist vom Rand des Scans angeschnitten ({length} mm seines Umrisses); seine Krone ist nicht vollständig.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/cut_by_field_of_view.py"/>
            <source>Tooth {fdi:tooth} is cut by the edge of the scan; its volume is not that of the whole tooth.</source>
            <translation>Zahn {fdi:tooth} ist vom Rand des Scans angeschnitten; sein Volumen ist nicht das des ganzen Zahns.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_volume.py"/>
            <source>Tooth {fdi:tooth} is implausibly large: {volume} mm³, where {low:.0f} to {high:.0f} mm³ is usual.</source>
            <translation>Zahn {fdi:tooth} ist unplausibel groß: {volume} mm³, üblich sind {low:.0f} bis {high:.0f} mm³.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_volume.py"/>
            <source>Tooth {fdi:tooth} is implausibly small: {volume} mm³, where {low:.0f} to {high:.0f} mm³ is usual.</source>
            <translation>Zahn {fdi:tooth} ist unplausibel klein: {volume} mm³, üblich sind {low:.0f} bis {high:.0f} mm³.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/second_teeth.py"/>
            <source>Tooth {fdi:tooth} is in one piece: there is no second tooth with its number.</source>
            <translation>Zahn {fdi:tooth} ist in einem Stück: Es gibt keinen zweiten Zahn mit seiner Nummer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} is in one piece: there is nothing to join.</source>
            <translation>Zahn {fdi:tooth} ist in einem Stück: Es gibt nichts zu verbinden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>Tooth {fdi:tooth} is in one piece: there is nothing to remove.</source>
            <translation>Zahn {fdi:tooth} ist in einem Stück: Es gibt nichts zu entfernen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} is in pieces that lie {gap:.0f} mm apart, too far to be joined: draw the part between.</source>
            <translation>Zahn {fdi:tooth} besteht aus Teilen, die {gap:.0f} mm auseinanderliegen, zu weit zum Verbinden: Zeichnen Sie das Stück dazwischen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} is in pieces with another tooth between them: draw the part between.</source>
            <translation>Zahn {fdi:tooth} besteht aus Teilen mit einem anderen Zahn dazwischen: Zeichnen Sie das Stück dazwischen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>Tooth {fdi:tooth} is in {pieces:words}; the largest loose one has {size:.0f} mm² and lies {away} mm from the middle of the tooth.</source>
            <translation>Zahn {fdi:tooth} besteht aus {pieces:words}; das größte lose hat {size:.0f} mm² und liegt {away} mm von der Zahnmitte entfernt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>Tooth {fdi:tooth} is in {pieces:words}; the largest loose one has {size:.1f} mm³ and lies {away} mm from the middle of the tooth.</source>
            <translation>Zahn {fdi:tooth} besteht aus {pieces:words}; das größte lose hat {size:.1f} mm³ und liegt {away} mm von der Zahnmitte entfernt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tooth_outside_jaw.py"/>
            <source>Tooth {fdi:tooth} is not held by the {jaw:words} jaw: its bone is {mm:.0f} mm away.</source>
            <translation>Zahn {fdi:tooth} steht nicht im Kiefer ({jaw:words}): Dessen Knochen ist {mm:.0f} mm entfernt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/splitting.py"/>
            <source>Tooth {fdi:tooth} shows no place where {other:tooth} could begin: draw the border by hand.</source>
            <translation>Zahn {fdi:tooth} zeigt keine Stelle, an der {other:tooth} beginnen könnte: Zeichnen Sie die Grenze von Hand.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implant_as_tooth.py"/>
            <source>Tooth {fdi:tooth} stands on an implant: it is the implant's crown or a part of it, not a tooth.</source>
            <translation>Zahn {fdi:tooth} steht auf einem Implantat: Es ist dessen Krone oder ein Teil davon, kein Zahn.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>Tooth {fdi:tooth} touches the maxillary sinus, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>Zahn {fdi:tooth} berührt die Kieferhöhle, oder beinahe ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>Tooth {fdi:tooth} touches the nerve canal, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>Zahn {fdi:tooth} berührt den Nervkanal, oder beinahe ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} would grow by {percent:.0f} % to become one piece: draw the part between.</source>
            <translation>Zahn {fdi:tooth} müsste um {percent:.0f} % wachsen, um ein Stück zu werden: Zeichnen Sie das Stück dazwischen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/structure_drawing.py"/>
            <source>Tooth {fdi:tooth}, cross-section where it is nearest to the {name:words}: {mm:.1f} mm (± {unsure:.1f} mm), the line; the cheek on the right</source>
            <translation>Zahn {fdi:tooth}, Querschnitt an der engsten Stelle ({name:words}): {mm:.1f} mm (± {unsure:.1f} mm), die Linie; die Wange rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth {fdi:tooth}, {name:words}</source>
            <translation>Zahn {fdi:tooth}, {name:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth {fdi:tooth}, {name:words}: not found</source>
            <translation>Zahn {fdi:tooth}, {name:words}: nicht gefunden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth {fdi:tooth}, {name:words}: stated absent</source>
            <translation>Zahn {fdi:tooth}, {name:words}: als fehlend angegeben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>Tooth {numbers}</source>
            <translation>Zahn {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/splitting.py"/>
            <source>Tooth {other:tooth} is there already: tooth {fdi:tooth} cannot be split into it.</source>
            <translation>Zahn {other:tooth} ist bereits da: Zahn {fdi:tooth} kann nicht in ihn geteilt werden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>Tooth {other:tooth} lies inside tooth {fdi:tooth}: one of the two is no tooth, remove it first.</source>
            <translation>Zahn {other:tooth} liegt in Zahn {fdi:tooth}: Einer der beiden ist kein Zahn, entfernen Sie ihn zuerst.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Universal</source>
            <translation>Universal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Upper and lower jaw are exchanged: the teeth fit their places only when every number changes jaws.</source>
            <translation>Oberkiefer und Unterkiefer sind vertauscht: Die Zähne passen nur an ihre Plätze, wenn jede Nummer den Kiefer wechselt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Upper and lower jaw are probably exchanged: '{first}' looks like the {looks:words} jaw and '{second}' like the {other:words}.</source>
            <translation>Oberkiefer und Unterkiefer sind vermutlich vertauscht: „{first}“ sieht wie der {looks:words} aus und „{second}“ wie der {other:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Upper jaw, from below</source>
            <translation>Oberkiefer, von unten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Upper teeth</source>
            <translation>Obere Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Volume</source>
            <translation>Volumen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/web_page.py"/>
            <source>Web page</source>
            <translation>Webseite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/second_teeth.py"/>
            <source>What has no number</source>
            <translation>Das Objekt ohne Nummer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>What is known of '{name}' is damaged: fuse again.</source>
            <translation>Was zu „{name}“ bekannt ist, ist beschädigt: Vereinen Sie noch einmal.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/surfaces.py"/>
            <source>What is known of the jaw '{name}' is damaged: segment the scan again.</source>
            <translation>Die Angaben zum Kiefer „{name}“ sind beschädigt: Segmentieren Sie den Scan erneut.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Width</source>
            <translation>Breite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Width 1, 3, 5 mm deep</source>
            <translation>Breite in 1, 3, 5 mm Tiefe</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>With this result it was not kept what its numbers were found from (another program's, or an earlier version's): give tooth {fdi:tooth} another number, remove it, or segment the scan again.</source>
            <translation>Bei diesem Ergebnis wurde nicht aufbewahrt, woraus seine Nummern bestimmt wurden (es stammt von einem anderen Programm oder einer früheren Version): Geben Sie Zahn {fdi:tooth} eine andere Nummer, entfernen Sie ihn, oder segmentieren Sie den Scan noch einmal.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Writing the results</source>
            <translation>Ergebnisse werden geschrieben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>a lower jaw</source>
            <translation>ein Unterkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>a note</source>
            <translation>ein Hinweis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>a part of the canal that is drawn, not seen: look at the scan</source>
            <translation>an einem Teil des Kanals, der gezeichnet ist, nicht gesehen: sehen Sie im Scan nach</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>about {few} of 10 such teeth are expected to be right (confidence {percent} %, estimated on synthetic scans)</source>
            <translation>etwa {few} von 10 solchen Zähnen sind erwartungsgemäß richtig (Konfidenz {percent} %, geschätzt an synthetischen Scans)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>an upper jaw</source>
            <translation>ein Oberkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>buccal</source>
            <translation>bukkale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_in_pieces.py"/>
            <source>canal in pieces</source>
            <translation>Kanal in Teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_branched.py"/>
            <source>canal with branches</source>
            <translation>Kanal mit Ästen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/commands/completion.py"/>
            <source>completes the command in shells</source>
            <translation>vervollständigt den Befehl in der Shell</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>contradiction</source>
            <translation>Widerspruch</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/cut_by_field_of_view.py"/>
            <source>cut off</source>
            <translation>abgeschnitten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>distal</source>
            <translation>distale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>distobuccal</source>
            <translation>distobukkale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>draw the borders</source>
            <translation>Grenzen zeichnen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/languages.py"/>
            <source>en</source>
            <translation>de</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>fewer than 1 of 10 such teeth are expected to be right (confidence {percent} %, estimated on synthetic scans)</source>
            <translation>weniger als 1 von 10 solchen Zähnen ist erwartungsgemäß richtig (Konfidenz {percent} %, geschätzt an synthetischen Scans)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>find the jaws and canals</source>
            <translation>Kiefer und Kanäle suchen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>find the teeth</source>
            <translation>Zähne suchen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>for 3D printing and planning programs</source>
            <translation>für 3D-Druck und Planungsprogramme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/report_json.py"/>
            <source>for programs</source>
            <translation>für Programme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>for programs that read no STL</source>
            <translation>für Programme, die kein STL lesen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/dicom_seg.py"/>
            <source>for the picture archive; carries the patient's data of the scan</source>
            <translation>für das Bildarchiv (PACS); enthält die Patientendaten des Scans</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/hole.py"/>
            <source>gap in surface</source>
            <translation>Loch in der Oberfläche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>hardly seen: filled, calcified or hidden by metal</source>
            <translation>kaum zu sehen: gefüllt, verkalkt oder von Metall verdeckt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>has a hole that is too wide, or too close to another tooth, to be closed by itself</source>
            <translation>hat ein Loch, das zu weit oder einem anderen Zahn zu nah ist, um automatisch geschlossen zu werden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tunnel.py"/>
            <source>hole</source>
            <translation>Loch</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/void.py"/>
            <source>hollow</source>
            <translation>Hohlraum</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/frame_uncertain.py"/>
            <source>how does it lie?</source>
            <translation>Lage?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implant_as_tooth.py"/>
            <source>implant, not a tooth</source>
            <translation>Implantat, kein Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>in pieces</source>
            <translation>in Teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/inside_out.py"/>
            <source>inside out</source>
            <translation>nach innen gekehrt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>is in pieces that lie {gap:.0f} mm apart, too far to be joined: draw the part between them</source>
            <translation>besteht aus Teilen, die {gap:.0f} mm auseinanderliegen, zu weit zum Verbinden: Zeichnen Sie das Stück dazwischen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>is in pieces with another tooth, or a hole, between them: draw the part between them</source>
            <translation>besteht aus Teilen mit einem anderen Zahn oder einem Loch dazwischen: Zeichnen Sie das Stück dazwischen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/wrong_jaw.py"/>
            <source>it was taken for {jaw:words}</source>
            <translation>angenommen wurde: {jaw:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>its confidence is unknown</source>
            <translation>seine Konfidenz ist unbekannt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>its score is low ({percent} %)</source>
            <translation>sein Score ist niedrig ({percent} %)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/nifti.py"/>
            <source>label map, value = FDI number</source>
            <translation>Labelmap, Wert = FDI-Nummer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/fusion/pose.py"/>
            <source>lays scans over one another</source>
            <translation>legt Scans übereinander</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>left</source>
            <translation>links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>left mandibular canal</source>
            <translation>linker Mandibularkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>left maxillary sinus</source>
            <translation>linke Kieferhöhle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>lingual</source>
            <translation>linguale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>load the networks</source>
            <translation>Netze laden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>look at it</source>
            <translation>ansehen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>lower</source>
            <translation>Unterkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left canine</source>
            <translation>Eckzahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left central incisor</source>
            <translation>mittlerer Schneidezahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left central milk incisor</source>
            <translation>mittlerer Milchschneidezahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left first milk molar</source>
            <translation>erster Milchmolar unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left first molar</source>
            <translation>erster Molar unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left first premolar</source>
            <translation>erster Prämolar unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left lateral incisor</source>
            <translation>seitlicher Schneidezahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left lateral milk incisor</source>
            <translation>seitlicher Milchschneidezahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left milk canine</source>
            <translation>Milcheckzahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left second milk molar</source>
            <translation>zweiter Milchmolar unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left second molar</source>
            <translation>zweiter Molar unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left second premolar</source>
            <translation>zweiter Prämolar unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left third molar</source>
            <translation>Weisheitszahn unten links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right canine</source>
            <translation>Eckzahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right central incisor</source>
            <translation>mittlerer Schneidezahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right central milk incisor</source>
            <translation>mittlerer Milchschneidezahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right first milk molar</source>
            <translation>erster Milchmolar unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right first molar</source>
            <translation>erster Molar unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right first premolar</source>
            <translation>erster Prämolar unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right lateral incisor</source>
            <translation>seitlicher Schneidezahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right lateral milk incisor</source>
            <translation>seitlicher Milchschneidezahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right milk canine</source>
            <translation>Milcheckzahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right second milk molar</source>
            <translation>zweiter Milchmolar unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right second molar</source>
            <translation>zweiter Molar unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right second premolar</source>
            <translation>zweiter Prämolar unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right third molar</source>
            <translation>Weisheitszahn unten rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>mandibular canal</source>
            <translation>Mandibularkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>mesial</source>
            <translation>mesiale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>mesiobuccal</source>
            <translation>mesiobukkale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>mesiolingual</source>
            <translation>mesiolinguale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>missing</source>
            <translation>fehlt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>near the nerve canal</source>
            <translation>nahe am Nervkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>near the sinus</source>
            <translation>nahe an der Kieferhöhle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>no distance, because {why:words}</source>
            <translation>kein Abstand, denn {why:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>no tooth found</source>
            <translation>kein Zahn gefunden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>not in the bite</source>
            <translation>nicht in Okklusion</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>nothing found</source>
            <translation>nichts gefunden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>nothing was found wrong with it</source>
            <translation>es wurde nichts Falsches gefunden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>number given twice</source>
            <translation>Nummer doppelt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>number the teeth</source>
            <translation>Zähne nummerieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>number?</source>
            <translation>Nummer?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>one file with all teeth, for viewers and web pages</source>
            <translation>eine Datei mit allen Zähnen, für Betrachter und Webseiten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/extra_tooth.py"/>
            <source>one too many?</source>
            <translation>überzählig?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/order_broken.py"/>
            <source>order</source>
            <translation>Reihenfolge</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tooth_outside_jaw.py"/>
            <source>outside the jaw</source>
            <translation>außerhalb des Kiefers</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>palatal</source>
            <translation>palatinale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>place on the scan</source>
            <translation>auf den Scan übertragen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>place the jaws and canals</source>
            <translation>Kiefer und Kanäle einsetzen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>prepare the scan</source>
            <translation>Scan vorbereiten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/files/dicom_seg.py"/>
            <source>reads and writes DICOM segmentations</source>
            <translation>liest und schreibt DICOM-Segmentierungen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/files/meshes/hps.py"/>
            <source>reads scans in 3Shape's own format</source>
            <translation>liest Scans im eigenen Format von 3Shape</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>right</source>
            <translation>rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>right mandibular canal</source>
            <translation>rechter Mandibularkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>right maxillary sinus</source>
            <translation>rechte Kieferhöhle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/same_jaw.py"/>
            <source>same jaw twice</source>
            <translation>zweimal derselbe Kiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/slicer_segmentation.py"/>
            <source>seg.nrrd</source>
            <translation>seg.nrrd</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/slicer_segmentation.py"/>
            <source>segmentation of 3D Slicer with names, colours and codes</source>
            <translation>Segmentierung für 3D Slicer mit Namen, Farben und Codes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>separate the teeth</source>
            <translation>Zähne trennen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>size?</source>
            <translation>Größe?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/speckles.py"/>
            <source>specks</source>
            <translation>lose Teilchen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>stated absent</source>
            <translation>als fehlend angegeben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/dicom_stl.py"/>
            <source>surfaces for the picture archive; carry the patient's data of the scan</source>
            <translation>Oberflächen für das Bildarchiv (PACS); enthalten die Patientendaten des Scans</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/tables.py"/>
            <source>tables for a spreadsheet</source>
            <translation>Tabellen für die Tabellenkalkulation</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pacs/connection.py"/>
            <source>talks to picture archives</source>
            <translation>spricht mit Bildarchiven (PACS)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>teeth {numbers}</source>
            <translation>Zähne {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the end of the bone</source>
            <translation>dem Ende des Knochens</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the end of the scan (at least)</source>
            <translation>dem Ende der Aufnahme (mindestens)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the nearest part of the canal is drawn, not seen</source>
            <translation>der nächste Teil des Kanals ist gezeichnet, nicht gesehen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the scan ends where it is nearest</source>
            <translation>der Scan endet, wo er am nächsten ist</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>the second tooth {fdi:tooth}</source>
            <translation>den zweiten Zahn {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>their crowns run up to {millimetres} mm into each other</source>
            <translation>ihre Kronen dringen bis zu {millimetres} mm ineinander ein</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>they are {millimetres} mm apart</source>
            <translation>sie liegen {millimetres} mm auseinander</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>they do not face each other</source>
            <translation>sie stehen einander nicht gegenüber</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>three pieces</source>
            <translation>drei Teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/runs/cluster.py"/>
            <source>to share a batch among computers</source>
            <translation>um einen Stapel auf mehrere Computer zu verteilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>tooth {numbers}</source>
            <translation>Zahn {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/merged_neighbours.py"/>
            <source>two in one?</source>
            <translation>zwei in einem?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>two numbers</source>
            <translation>zwei Nummern</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>two pieces</source>
            <translation>zwei Teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>upper</source>
            <translation>Oberkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left canine</source>
            <translation>Eckzahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left central incisor</source>
            <translation>mittlerer Schneidezahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left central milk incisor</source>
            <translation>mittlerer Milchschneidezahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left first milk molar</source>
            <translation>erster Milchmolar oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left first molar</source>
            <translation>erster Molar oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left first premolar</source>
            <translation>erster Prämolar oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left lateral incisor</source>
            <translation>seitlicher Schneidezahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left lateral milk incisor</source>
            <translation>seitlicher Milchschneidezahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left milk canine</source>
            <translation>Milcheckzahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left second milk molar</source>
            <translation>zweiter Milchmolar oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left second molar</source>
            <translation>zweiter Molar oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left second premolar</source>
            <translation>zweiter Prämolar oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left third molar</source>
            <translation>Weisheitszahn oben links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right canine</source>
            <translation>Eckzahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right central incisor</source>
            <translation>mittlerer Schneidezahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right central milk incisor</source>
            <translation>mittlerer Milchschneidezahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right first milk molar</source>
            <translation>erster Milchmolar oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right first molar</source>
            <translation>erster Molar oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right first premolar</source>
            <translation>erster Prämolar oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right lateral incisor</source>
            <translation>seitlicher Schneidezahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right lateral milk incisor</source>
            <translation>seitlicher Milchschneidezahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right milk canine</source>
            <translation>Milcheckzahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right second milk molar</source>
            <translation>zweiter Milchmolar oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right second molar</source>
            <translation>zweiter Molar oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right second premolar</source>
            <translation>zweiter Prämolar oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right third molar</source>
            <translation>Weisheitszahn oben rechts</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>what has no number</source>
            <translation>das Objekt ohne Nummer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/jaw_uncertain.py"/>
            <source>which jaw?</source>
            <translation>welcher Kiefer?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/web_page.py"/>
            <source>with pictures and a 3D view, to read and to print</source>
            <translation>mit Bildern und einer 3D-Ansicht, zum Lesen und Drucken</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>with the teeth's colours</source>
            <translation>mit den Farben der Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would enclose a hollow with another tooth in it if its pieces were joined</source>
            <translation>würde beim Verbinden seiner Teile einen Hohlraum mit einem anderen Zahn darin einschließen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would fall into pieces</source>
            <translation>würde in Teile zerfallen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would fall into pieces if a gap were left between {a:tooth} and {b:tooth}: draw the border by hand</source>
            <translation>würde in Teile zerfallen, wenn zwischen {a:tooth} und {b:tooth} ein Spalt gelassen würde: Zeichnen Sie die Grenze von Hand</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would grow by {added:.0f} % to become one piece: draw the part between its pieces</source>
            <translation>müsste um {added:.0f} % wachsen, um ein Stück zu werden: Zeichnen Sie das Stück zwischen seinen Teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would lose its shape: closing the hole changes {changed:.0f} % of it, where {most:.0f} % are allowed</source>
            <translation>würde seine Form verlieren: Das Schließen des Lochs ändert {changed:.0f} % davon, erlaubt sind {most:.0f} %</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>writes OBJ and GLB files</source>
            <translation>schreibt OBJ- und GLB-Dateien</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>wrong jaw</source>
            <translation>falscher Kiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>wrong side</source>
            <translation>falsche Seite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} contradiction</source>
            <translation>{count} Widerspruch</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} contradictions</source>
            <translation>{count} Widersprüche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} finding</source>
            <translation>{count} Befund</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} findings</source>
            <translation>{count} Befunde</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} note</source>
            <translation>{count} Hinweis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} notes</source>
            <translation>{count} Hinweise</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/speckles.py"/>
            <source>{count} speck of a tooth's number lies away from the tooth, each smaller than {limit:.0f} mm² ({teeth:teeth}).</source>
            <translation>{count} Teilchen mit der Nummer eines Zahns liegt abseits des Zahns, kleiner als {limit:.0f} mm² ({teeth:teeth}).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/speckles.py"/>
            <source>{count} specks of tooth numbers lie away from the tooth, each smaller than {limit:.0f} mm² ({teeth:teeth}).</source>
            <translation>{count} Teilchen mit Zahnnummern liegen abseits ihres Zahns, jedes kleiner als {limit:.0f} mm² ({teeth:teeth}).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} teeth: {upper} upper, {lower} lower.</source>
            <translation>{count} Zähne: {upper} oben, {lower} unten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} thing to look at</source>
            <translation>{count} Auffälligkeit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} things to look at</source>
            <translation>{count} Auffälligkeiten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} tooth: {upper} upper, {lower} lower.</source>
            <translation>{count} Zahn: {upper} oben, {lower} unten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{first:words}, {rest:words}</source>
            <translation>{first:words}, {rest:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>{first} and {last}</source>
            <translation>{first} und {last}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/wrong_jaw.py"/>
            <source>{jaw:words} was stated</source>
            <translation>angegeben war: {jaw:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{mm:.1f} mm</source>
            <translation>{mm:.1f} mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{mm:.1f} mm ± {unsure:.1f} mm to the maxillary sinus</source>
            <translation>{mm:.1f} mm ± {unsure:.1f} mm zur Kieferhöhle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{mm:.1f} mm ± {unsure:.1f} mm to the nerve canal</source>
            <translation>{mm:.1f} mm ± {unsure:.1f} mm zum Nervkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>{number:tooth}</source>
            <translation>{number:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>{number:tooth} (score {percent} %)</source>
            <translation>{number:tooth} (Punktwert {percent} %)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>{number} pieces</source>
            <translation>{number} Teilen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{old:tooth} becomes {new:tooth}</source>
            <translation>{old:tooth} wird {new:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{old:tooth} is left without a number</source>
            <translation>{old:tooth} bleibt ohne Nummer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{root:words} root: no distance, because {why:words}</source>
            <translation>{root:words} Wurzel: kein Abstand, denn {why:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{root:words} root: {mm:.1f} mm ± {unsure:.1f} mm to the maxillary sinus</source>
            <translation>{root:words} Wurzel: {mm:.1f} mm ± {unsure:.1f} mm zur Kieferhöhle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{root:words} root: {mm:.1f} mm ± {unsure:.1f} mm to the nerve canal</source>
            <translation>{root:words} Wurzel: {mm:.1f} mm ± {unsure:.1f} mm zum Nervkanal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{seconds:.1f} s</source>
            <translation>{seconds:.1f} s</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} are absent</source>
            <translation>{teeth:Teeth} fehlen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} are not absent</source>
            <translation>{teeth:Teeth} fehlen nicht</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/order_broken.py"/>
            <source>{teeth:Teeth} do not stand in the order of their numbers.</source>
            <translation>{teeth:Teeth} stehen nicht in der Reihenfolge ihrer Nummern.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} is absent</source>
            <translation>{teeth:Teeth} fehlt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} is not absent</source>
            <translation>{teeth:Teeth} fehlt nicht</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found.</source>
            <translation>{teeth:Teeth} wurde nicht gefunden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; the place lies outside the scan.</source>
            <translation>{teeth:Teeth} wurde nicht gefunden; die Stelle liegt außerhalb des Scans.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; the space between {left:tooth} and {right:tooth} is closed.</source>
            <translation>{teeth:Teeth} wurde nicht gefunden; die Lücke zwischen {left:tooth} und {right:tooth} ist geschlossen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; there is a gap of {gap} mm between {left:tooth} and {right:tooth}.</source>
            <translation>{teeth:Teeth} wurde nicht gefunden; zwischen {left:tooth} und {right:tooth} ist eine Lücke von {gap} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; {last:tooth} is the last tooth on that side.</source>
            <translation>{teeth:Teeth} wurde nicht gefunden; {last:tooth} ist der letzte Zahn auf dieser Seite.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found.</source>
            <translation>{teeth:Teeth} wurden nicht gefunden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; the place lies outside the scan.</source>
            <translation>{teeth:Teeth} wurden nicht gefunden; die Stelle liegt außerhalb des Scans.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; the space between {left:tooth} and {right:tooth} is closed.</source>
            <translation>{teeth:Teeth} wurden nicht gefunden; die Lücke zwischen {left:tooth} und {right:tooth} ist geschlossen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; there is a gap of {gap} mm between {left:tooth} and {right:tooth}.</source>
            <translation>{teeth:Teeth} wurden nicht gefunden; zwischen {left:tooth} und {right:tooth} ist eine Lücke von {gap} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; {last:tooth} is the last tooth on that side.</source>
            <translation>{teeth:Teeth} wurden nicht gefunden; {last:tooth} ist der letzte Zahn auf dieser Seite.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/nodes.py"/>
            <source>{what:words} '{name}' is under a transform that bends it ('{transform}'): harden the transform in the Transforms module, or take the scan out of it.</source>
            <translation>{what:words} „{name}“ liegt unter einer verbiegenden Transformation („{transform}“): Härten Sie die Transformation im Modul „Transforms“, oder nehmen Sie den Scan heraus.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>{what:words} has changed since it was checked: check again for a new proposal.</source>
            <translation>{what:words} hat sich seit der Prüfung geändert: Prüfen Sie erneut, um einen neuen Vorschlag zu erhalten.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/nodes.py"/>
            <source>{what:words} is no longer in the scene: choose another one.</source>
            <translation>{what:words} ist nicht mehr in der Szene: Treffen Sie eine neue Auswahl.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>{what:words} {why:words}.</source>
            <translation>{what:words} {why:words}.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.AbsentTeeth</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/AbsentTeeth.py"/>
            <source>Click them on the chart</source>
            <translation>Im Zahnschema anklicken</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/AbsentTeeth.py"/>
            <source>None known</source>
            <translation>Keine bekannt</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.ExportPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Choose a folder first.</source>
            <translation>Wählen Sie zuerst einen Ordner.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Choose a result above first.</source>
            <translation>Wählen Sie zuerst oben ein Ergebnis.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Choose at least one format.</source>
            <translation>Wählen Sie mindestens ein Format.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Folder for the exported files</source>
            <translation>Ordner für die exportierten Dateien</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Folder with the DICOM files of this scan</source>
            <translation>Ordner mit den DICOM-Dateien dieses Scans</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Needs the DICOM files of the scan: load it from Slicer's DICOM database, or say where they are.</source>
            <translation>Braucht die DICOM-Dateien des Scans: Laden Sie ihn aus der DICOM-Datenbank von Slicer, oder geben Sie an, wo sie liegen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Of an earlier export, and no longer in this result: {names}.</source>
            <translation>Von einem früheren Export und nicht mehr in diesem Ergebnis: {names}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Per tooth:</source>
            <translation>Je Zahn:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Report:</source>
            <translation>Bericht:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Stopped.</source>
            <translation>Abgebrochen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Voxels:</source>
            <translation>Voxel:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Writing {format} ({n} of {total}) ...</source>
            <translation>{format} wird geschrieben ({n} von {total}) ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>{count} file written to {folder}.</source>
            <translation>{count} Datei in {folder} geschrieben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>{count} files written to {folder}.</source>
            <translation>{count} Dateien in {folder} geschrieben.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Exporting</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Exporting.py"/>
            <source>An export is running already.</source>
            <translation>Es läuft bereits ein Export.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Exporting.py"/>
            <source>it ended without a word</source>
            <translation>er endete ohne eine Meldung</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.FindingsTable</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Accept</source>
            <translation>Akzeptieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Accepted</source>
            <translation>Akzeptiert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Click to go there.</source>
            <translation>Klicken, um dorthin zu springen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Gone after an edit</source>
            <translation>Nach Bearbeitung verschwunden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>It is not settled after all.</source>
            <translation>Der Befund ist doch nicht erledigt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>It is right as it is.</source>
            <translation>Es ist richtig, wie es ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Look here</source>
            <translation>Bitte prüfen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Note</source>
            <translation>Hinweis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Reopen</source>
            <translation>Neu öffnen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Repair</source>
            <translation>Korrigieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Repaired</source>
            <translation>Korrigiert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Take this repair back.</source>
            <translation>Diese Korrektur zurücknehmen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Wrong</source>
            <translation>Falsch</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>{state}: {finding}</source>
            <translation>{state}: {finding}</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.FusionPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>95 % of the crown lies nearer.</source>
            <translation>95 % der Krone liegen näher.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>95 %, mm</source>
            <translation>95 %, mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Choose the CBCT and the scan of one jaw, or of both.</source>
            <translation>Wählen Sie das DVT und den Scan eines Kiefers oder beider Kiefer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Distance of the scanned crown from the CBCT's: half of the crown lies nearer.</source>
            <translation>Abstand der gescannten Krone von der des DVT: Die Hälfte der Krone liegt näher.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Fit, mm</source>
            <translation>Passung, mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Fuse</source>
            <translation>Vereinen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>In the CBCT</source>
            <translation>Im DVT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>In the scan</source>
            <translation>Im Scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Lay the scans over the CBCT and put their crowns on its roots.</source>
            <translation>Die Scans auf das DVT legen und ihre Kronen auf dessen Wurzeln setzen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Numbers that differ, for you to decide: {n}; see the findings.</source>
            <translation>Nummern, die sich unterscheiden und über die Sie entscheiden: {n}; siehe Befunde.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Numbers that differed and were decided: {n}; see the findings.</source>
            <translation>Nummern, die sich unterschieden und entschieden wurden: {n}; siehe Befunde.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Starting ...</source>
            <translation>Wird gestartet ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Stop; the scene stays as it is.</source>
            <translation>Anhalten; die Szene bleibt, wie sie ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Stopped. The scene is as it was.</source>
            <translation>Abgebrochen. Die Szene ist wie zuvor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Stopping ...</source>
            <translation>Wird abgebrochen ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Taken back: the scans lie where they were.</source>
            <translation>Zurückgenommen: Die Scans liegen, wo sie waren.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The number in the CBCT before.</source>
            <translation>Die Nummer im DVT zuvor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The number in the scan before.</source>
            <translation>Die Nummer im Scan zuvor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The number that holds.</source>
            <translation>Die Nummer, die gilt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The result could not be put into the scene ({error}): please report it.</source>
            <translation>Das Ergebnis konnte nicht in die Szene gebracht werden ({error}): Bitte melden Sie das.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The two numbers differ: see the findings in Review.</source>
            <translation>Die beiden Nummern unterscheiden sich: siehe Befunde unter Prüfen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Tooth</source>
            <translation>Zahn</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>{mm} or more</source>
            <translation>{mm} oder mehr</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>{name}: {share} % of the crowns fit, half of them nearer than {mm} mm.</source>
            <translation>{name}: {share} % der Kronen passen, die Hälfte liegt näher als {mm} mm.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.NetworkCards</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>32 numbered teeth</source>
            <translation>32 nummerierte Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Add</source>
            <translation>Hinzufügen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>DentalTopoSeg: add a network</source>
            <translation>DentalTopoSeg: Netz hinzufügen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Finds</source>
            <translation>Findet</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>I have read the licence and use the network under its terms</source>
            <translation>Ich habe die Lizenz gelesen und nutze das Netz nach ihren Bedingungen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Its licence: {licence}</source>
            <translation>Seine Lizenz: {licence}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Licence</source>
            <translation>Lizenz</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Made by others. It was checked that this is whole and nothing but a network, not how well it works: look at its first results closely.</source>
            <translation>Von anderen gemacht. Geprüft wurde, dass es ganz und nichts als ein Netz ist, nicht, wie gut es arbeitet: Sehen Sie die ersten Ergebnisse genau an.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Reference</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Size</source>
            <translation>Größe</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Trained on</source>
            <translation>Trainiert an</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>no numbered teeth</source>
            <translation>keine nummerierten Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>phantoms built from real patients' teeth</source>
            <translation>Phantomen aus Zähnen wirklicher Patienten</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>research use; see the model card</source>
            <translation>zur Forschung; siehe die Karte des Netzes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>teeth {numbers}</source>
            <translation>Zähne {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{count} numbered teeth</source>
            <translation>{count} nummerierte Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{names} and {count} more</source>
            <translation>{names} und {count} weitere</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{size:.1f} MB</source>
            <translation>{size:.1f} MB</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{size} kB</source>
            <translation>{size} kB</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.NetworkPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>'{name}' was added.</source>
            <translation>'{name}' wurde hinzugefügt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>'{name}' was not added on this computer: add it, or choose another network.</source>
            <translation>'{name}' wurde auf diesem Rechner nicht hinzugefügt: Fügen Sie es hinzu, oder wählen Sie ein anderes Netz.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>'{name}' was removed.</source>
            <translation>'{name}' wurde entfernt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Built in: teeth in CBCT</source>
            <translation>Mitgeliefert: Zähne im DVT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Choose the folder of a network</source>
            <translation>Ordner eines Netzes wählen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Choose the zip of a network</source>
            <translation>Zip eines Netzes wählen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>DentalTopoSeg: remove a network</source>
            <translation>DentalTopoSeg: Netz entfernen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>From a folder ...</source>
            <translation>Aus einem Ordner ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>From a zip ...</source>
            <translation>Aus einem Zip ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Network: built in</source>
            <translation>Netz: mitgeliefert</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Network: {name}</source>
            <translation>Netz: {name}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Nothing was added.</source>
            <translation>Nichts wurde hinzugefügt.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Remove the network '{name}' from this computer? Results that it made stay.</source>
            <translation>Das Netz '{name}' von diesem Rechner entfernen? Seine Ergebnisse bleiben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Zip of a network (*.zip)</source>
            <translation>Zip eines Netzes (*.zip)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>{name} (damaged)</source>
            <translation>{name} (beschädigt)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>{name} (not on this computer)</source>
            <translation>{name} (nicht auf diesem Rechner)</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Packages</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source> and </source>
            <translation> und </translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>DentalTopoSeg needs these packages in Slicer's Python, once:</source>
            <translation>DentalTopoSeg braucht einmalig diese Pakete im Python von Slicer:</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>DentalTopoSeg: Python packages</source>
            <translation>DentalTopoSeg: Python-Pakete</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>The packages could not be installed ({reason}): check the internet connection, or ask who looks after this computer to allow pypi.org.</source>
            <translation>Die Pakete konnten nicht installiert werden ({reason}): Prüfen Sie die Internetverbindung, oder bitten Sie Ihre IT-Betreuung, pypi.org freizugeben.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>The packages were installed but are not found: restart Slicer and try again.</source>
            <translation>Die Pakete wurden installiert, werden aber nicht gefunden: Starten Sie Slicer neu und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>This needs {packages}: press the button again when it may be installed.</source>
            <translation>Dafür wird {packages} gebraucht: Drücken Sie die Taste erneut, sobald es installiert werden darf.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>Together about {total} MB from pypi.org. No torch, no graphics card software; your scans are not sent anywhere. Install them now?</source>
            <translation>Zusammen etwa {total} MB von pypi.org. Kein torch, keine Grafikkarten-Software; Ihre Scans werden nirgendwohin gesendet. Jetzt installieren?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>about {size} MB</source>
            <translation>etwa {size} MB</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>runs the networks on the processor</source>
            <translation>führt die Netze auf dem Prozessor aus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>runs the networks quicker on Intel and AMD processors</source>
            <translation>führt die Netze auf Intel- und AMD-Prozessoren schneller aus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>samples the points of intraoral scans</source>
            <translation>wählt die Punkte von Intraoralscans aus</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.PanoramicPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Brightest voxels (MIP)</source>
            <translation>Hellste Voxel (MIP)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Mean, as an X-ray</source>
            <translation>Mittelwert, wie Röntgen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Show panoramic view</source>
            <translation>Panoramaansicht zeigen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Update panoramic view</source>
            <translation>Panoramaansicht erneuern</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>{thickness} mm</source>
            <translation>{thickness} mm</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Parameters</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>A child: milk teeth may stand</source>
            <translation>Kind: Milchzähne möglich</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Exact</source>
            <translation>Genau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>FDI (11 to 48)</source>
            <translation>FDI (11 bis 48)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Find out</source>
            <translation>Selbst bestimmen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Find out from its shape</source>
            <translation>Aus der Form erkennen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Lower jaw</source>
            <translation>Unterkiefer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>ONNX Runtime</source>
            <translation>ONNX Runtime</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>OpenVINO (Intel, AMD)</source>
            <translation>OpenVINO (Intel, AMD)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>OpenVINO where it is installed</source>
            <translation>OpenVINO, wo es installiert ist</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Palmer (UR1 to LR8)</source>
            <translation>Palmer (UR1 bis LR8)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Permanent teeth only</source>
            <translation>Nur bleibende Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Quick</source>
            <translation>Schnell</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Universal (1 to 32)</source>
            <translation>Universal (1 bis 32)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Upper jaw</source>
            <translation>Oberkiefer</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Processes</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Processes.py"/>
            <source>Slicer's Python ({program}) cannot be started: install Slicer again.</source>
            <translation>Das Python von Slicer ({program}) kann nicht gestartet werden: Installieren Sie Slicer neu.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.QueuePanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>'{folder}' holds no scan.</source>
            <translation>„{folder}“ enthält keinen Scan.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Cancel all</source>
            <translation>Alle abbrechen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Choose a folder</source>
            <translation>Ordner wählen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Scan</source>
            <translation>Scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Segment all</source>
            <translation>Alle segmentieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Starting ...</source>
            <translation>Wird gestartet ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>State</source>
            <translation>Stand</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Stopped; Segment all goes on with the others.</source>
            <translation>Abgebrochen; „Alle segmentieren“ fährt mit den übrigen fort.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>cannot be read ({reason})</source>
            <translation>nicht lesbar ({reason})</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>changed since, left as it is</source>
            <translation>seither geändert, bleibt so</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>stopped</source>
            <translation>abgebrochen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>waiting</source>
            <translation>wartet</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{count} teeth</source>
            <translation>{count} Zähne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{done} of {count} scans have results.</source>
            <translation>{done} von {count} Scans haben Ergebnisse.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{n} to look at</source>
            <translation>{n} zu prüfen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{text} (done before)</source>
            <translation>{text} (bereits erledigt)</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.ReviewPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>'{name}' holds no numbered teeth: choose a result of Segment Teeth, or a segmentation of teeth.</source>
            <translation>„{name}“ enthält keine nummerierten Zähne: Wählen Sie ein Ergebnis von „Zähne segmentieren“ oder eine Segmentierung von Zähnen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>, score {percent} % (no probability)</source>
            <translation>, Score {percent} % (keine Wahrscheinlichkeit)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>, {percent} % of such teeth are right (estimated on synthetic scans)</source>
            <translation>, {percent} % solcher Zähne sind richtig (geschätzt an synthetischen Scans)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{count} teeth&lt;/b&gt; ({upper} upper, {lower} lower)</source>
            <translation>&lt;b&gt;{count} Zähne&lt;/b&gt; ({upper} oben, {lower} unten)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{count} tooth&lt;/b&gt; ({upper} upper, {lower} lower)</source>
            <translation>&lt;b&gt;{count} Zahn&lt;/b&gt; ({upper} oben, {lower} unten)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{n} to look at&lt;/b&gt;</source>
            <translation>&lt;b&gt;{n} zu prüfen&lt;/b&gt;</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{n} wrong&lt;/b&gt;</source>
            <translation>&lt;b&gt;{n} falsch&lt;/b&gt;</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{title}&lt;/b&gt;: not in the result</source>
            <translation>&lt;b&gt;{title}&lt;/b&gt;: nicht im Ergebnis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{title}&lt;/b&gt;: stated absent</source>
            <translation>&lt;b&gt;{title}&lt;/b&gt;: als fehlend angegeben</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>All teeth were</source>
            <translation>Alle Zähne wurden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Before a run, click on the chart the teeth that are not there.</source>
            <translation>Klicken Sie vor einem Lauf im Zahnschema die Zähne an, die nicht da sind.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Click a tooth on the chart, or a finding in the list.</source>
            <translation>Klicken Sie auf einen Zahn im Schema oder auf einen Befund in der Liste.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Click the place on the chart where tooth {tooth} belongs.</source>
            <translation>Klicken Sie im Schema auf die Stelle, an die Zahn {tooth} gehört.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Do again: {title}</source>
            <translation>Wiederholen: {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Done again: {title}</source>
            <translation>Wiederholt: {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Done: {repair}</source>
            <translation>Erledigt: {repair}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Segment a scan, or choose a tooth segmentation above, to review it here.</source>
            <translation>Segmentieren Sie einen Scan oder wählen Sie oben eine Zahnsegmentierung, um sie hier zu prüfen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Take back: {title}</source>
            <translation>Rückgängig machen: {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Taken back: {title}</source>
            <translation>Rückgängig gemacht: {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Teeth {old} and {new} have exchanged their numbers.</source>
            <translation>Die Zähne {old} und {new} haben ihre Nummern getauscht.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>This finding has changed meanwhile: look at it again.</source>
            <translation>Dieser Befund hat sich inzwischen geändert: Sehen Sie ihn noch einmal an.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Tooth {old} is now {new}.</source>
            <translation>Zahn {old} ist jetzt {new}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Tooth {tooth} was taken out of the result.</source>
            <translation>Zahn {tooth} wurde aus dem Ergebnis genommen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>nothing to look at</source>
            <translation>nichts zu prüfen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{n} note</source>
            <translation>{n} Hinweis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{n} notes</source>
            <translation>{n} Hinweise</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{n} settled</source>
            <translation>{n} erledigt</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{repair}: click the right place on the chart.</source>
            <translation>{repair}: Klicken Sie auf die richtige Stelle im Schema.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{teeth} was</source>
            <translation>Zahn {teeth} wurde</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{teeth} were</source>
            <translation>Die Zähne {teeth} wurden</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{which} checked again (findings: {new} new, {gone} gone).</source>
            <translation>{which} erneut geprüft (Befunde: {new} neu, {gone} verschwunden).</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.SampleScans</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>Building a phantom scan (5 to 15 seconds) ...</source>
            <translation>Ein Phantom-Scan wird erzeugt (5 bis 15 Sekunden) ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>DentalTopoSeg: phantom</source>
            <translation>DentalTopoSeg: Phantom</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>Phantom (no download)</source>
            <translation>Phantom (ohne Download)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>The phantom could not be made ({reason}).</source>
            <translation>Das Phantom konnte nicht erzeugt werden ({reason}).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>it ended without a word</source>
            <translation>es endete ohne eine Meldung</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.SegmentPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Choose a scan first.</source>
            <translation>Wählen Sie zuerst einen Scan.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Done.</source>
            <translation>Fertig.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Done: {count} teeth found.</source>
            <translation>Fertig: {count} Zähne gefunden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Done: {count} tooth found.</source>
            <translation>Fertig: {count} Zahn gefunden.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Find, outline and number the teeth.</source>
            <translation>Zähne finden, umreißen und nummerieren.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>In '{name}': {structures}.</source>
            <translation>In '{name}': {structures}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>It took {time}.</source>
            <translation>Dauer: {time}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Segment Teeth</source>
            <translation>Zähne segmentieren</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Starting ...</source>
            <translation>Wird gestartet ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Stop the segmentation; the scene stays as it is.</source>
            <translation>Die Segmentierung abbrechen; die Szene bleibt, wie sie ist.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Stopped. The scene is as it was.</source>
            <translation>Abgebrochen. Die Szene ist wie zuvor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Stopping ...</source>
            <translation>Wird abgebrochen ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>The other jaw is the same scan: choose another one, or none.</source>
            <translation>Der andere Kiefer ist derselbe Scan: Wählen Sie einen anderen oder keinen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>about {minutes} min left</source>
            <translation>noch etwa {minutes} min</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>about {seconds} s left</source>
            <translation>noch etwa {seconds} s</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>{minutes} min</source>
            <translation>{minutes} min</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>{seconds} s</source>
            <translation>{seconds} s</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.SurfacesPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SurfacesPanel.py"/>
            <source>{count} triangles.</source>
            <translation>{count} Dreiecke.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.ToothChart</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ToothChart.py"/>
            <source>Patient's left</source>
            <translation>Patient links</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ToothChart.py"/>
            <source>Patient's right</source>
            <translation>Patient rechts</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Views</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Views.py"/>
            <source>Dental: panoramic, axial, 3D</source>
            <translation>Dental: Panorama, axial, 3D</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.WorkerProcess</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/WorkerProcess.py"/>
            <source>A segmentation is running already.</source>
            <translation>Es läuft bereits eine Segmentierung.</translation>
        </message>
    </context>
</TS>
