<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en_US">
    <context>
        <name>DentalTopoSeg</name>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>1. Segment</source>
            <translation>1. Segmenter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>2. Review</source>
            <translation>2. Contrôler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>3. Export</source>
            <translation>3. Exporter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>A dental CBCT (volume) or an intraoral scan (model).</source>
            <translation>Un CBCT dentaire (volume) ou une empreinte optique (modèle).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>A new segmentation</source>
            <translation>Une nouvelle segmentation</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>A segmentation is running already.</source>
            <translation>Une segmentation est déjà en cours.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>A segmentation that is there already: its teeth are replaced, its other segments stay. Undo in Review takes it back.</source>
            <translation>Une segmentation déjà présente : ses dents sont remplacées, ses autres segments restent. « Annuler » dans « Contrôler » revient en arrière.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Absent</source>
            <translation>Absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Absent teeth:</source>
            <translation>Dents absentes :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Add network</source>
            <translation>Ajouter un réseau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Add the network of others, an nnU-Net that a colleague has converted: a folder or a zip. It is checked first, and its licence is shown.</source>
            <translation>Ajouter le réseau d'autrui, un nnU-Net qu'un collègue a converti : un dossier ou un zip. Il est d'abord vérifié et sa licence est montrée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Advanced</source>
            <translation>Options avancées</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Also segment:</source>
            <translation>Segmenter aussi :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Arithmetic:</source>
            <translation>Calcul :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Arrange the views after a run</source>
            <translation>Disposer les vues ensuite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>CBCT files, DICOM folders and intraoral scans, in any depth.</source>
            <translation>Fichiers CBCT, dossiers DICOM et empreintes optiques, à tous les niveaux.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>CBCT:</source>
            <translation>CBCT :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Check again</source>
            <translation>Recontrôler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Choose a CBCT or an intraoral scan</source>
            <translation>Choisir un CBCT ou une empreinte optique</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Choose the folder.</source>
            <translation>Choisir le dossier.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>DICOM files of the scan ...</source>
            <translation>Fichiers DICOM de l'examen...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>DentalTopoSeg</source>
            <translation>DentalTopoSeg</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Dentition:</source>
            <translation>Denture :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Edit</source>
            <translation>Modifier</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>End the close look: show every tooth as before.</source>
            <translation>Quitter la vue rapprochée : afficher toutes les dents comme avant.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Export</source>
            <translation>Exporter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Fewer triangles: turns more quickly on slow computers.</source>
            <translation>Moins de triangles : tourne plus vite sur les ordinateurs lents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>File names begin with:</source>
            <translation>Début des noms :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>Finds, outlines and numbers the teeth of a dental CBCT or of intraoral scans on this computer's own processor, checks the result and proposes repairs. See the &lt;a href="https://github.com/DentalTopoSeg/SlicerDentalTopoSeg"&gt;tutorial&lt;/a&gt;. Research software, not a medical device: a clinician must check every result.</source>
            <translation>Trouve, délimite et numérote les dents d'un CBCT dentaire ou d'empreintes optiques sur le processeur de cet ordinateur, contrôle le résultat et propose des corrections. Voir le &lt;a href="https://github.com/DentalTopoSeg/SlicerDentalTopoSeg"&gt;tutoriel&lt;/a&gt;. Logiciel de recherche, pas un dispositif médical : un praticien doit contrôler chaque résultat.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Folder with scans:</source>
            <translation>Dossier d'examens :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Folder:</source>
            <translation>Dossier :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Fuse</source>
            <translation>Fusionner</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Fuse CBCT and intraoral scans</source>
            <translation>Fusionner le CBCT et les empreintes optiques</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>How many cores the computation may use. The result is the same with any number.</source>
            <translation>Nombre de cœurs que le calcul peut utiliser. Le résultat est le même quel que soit ce nombre.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>How much in front of and behind the arch is laid flat. Thin shows roots and canals sharply, thick looks like an X-ray.</source>
            <translation>Épaisseur mise à plat devant et derrière l'arcade. Mince, elle montre nettement racines et canaux ; épaisse, elle ressemble à une radiographie.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>How teeth are called: FDI 16, Universal 3 and Palmer UR6 are the same tooth. Can be changed at any time.</source>
            <translation>Numérotation des dents : FDI 16, Universal 3 et Palmer UR6 désignent la même dent. Modifiable à tout moment.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>In the views, the line from the selected tooth to where the nerve canal or the maxillary sinus is nearest, with its length and how sure that is. What was not seen in the scan has no line.</source>
            <translation>Dans les vues, la ligne de la dent choisie jusque là où le canal mandibulaire ou le sinus maxillaire est le plus proche, avec sa longueur et l'incertitude de celle-ci. Ce qui n'a pas été vu dans le scan n'a pas de ligne.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Its teeth:</source>
            <translation>Ses dents :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Jaw:</source>
            <translation>Arcade :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Jaws and airway</source>
            <translation>Mâchoires et voies aériennes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Look at every tooth again. Edited teeth are looked at on their own.</source>
            <translation>Contrôler à nouveau toutes les dents. Les dents modifiées sont contrôlées automatiquement.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Look twice (slower)</source>
            <translation>Regarder deux fois (plus lent)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Lower jaw:</source>
            <translation>Mâchoire inférieure :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Many scans</source>
            <translation>Plusieurs examens</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Mark on the chart</source>
            <translation>Marquer sur le schéma</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Name of the result:</source>
            <translation>Nom du résultat :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Nerve canals and sinuses</source>
            <translation>Canaux nerveux et sinus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Network: built in</source>
            <translation>Réseau : fourni</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Networks run by:</source>
            <translation>Réseaux exécutés par :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>No result yet</source>
            <translation>Pas encore de résultat</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>No scan</source>
            <translation>Aucune empreinte</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>None: one jaw only</source>
            <translation>Aucune : une seule arcade</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Nothing of the patient goes into file names unless you write it here.</source>
            <translation>Aucune donnée du patient n'entre dans les noms de fichiers, sauf si vous l'écrivez ici.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Of the surfaces only; the voxels stay as they are.</source>
            <translation>Des surfaces seulement ; les voxels restent tels quels.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Other jaw:</source>
            <translation>Autre arcade :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Paint and erase in Segment Editor: it opens with this result, its scan and the selected tooth. What you change is checked again by itself.</source>
            <translation>Peindre et effacer dans Segment Editor : il s'ouvre avec ce résultat, son examen et la dent choisie. Ce que vous modifiez est recontrôlé automatiquement.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Panoramic view</source>
            <translation>Vue panoramique</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Panoramic view, axial slice and teeth in 3D, all at the teeth. Other arrangements are in Slicer's layout menu.</source>
            <translation>Vue panoramique, coupe axiale et dents en 3D, toutes centrées sur les dents. D'autres dispositions sont dans le menu de Slicer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Press, then click on the chart the teeth that are not there: extracted, or never formed.</source>
            <translation>Appuyez, puis cliquez sur le schéma les dents qui ne sont pas là : extraites ou jamais formées.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Press, then click the right position on the chart.</source>
            <translation>Appuyer, puis cliquer sur la bonne position du schéma dentaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Processor cores:</source>
            <translation>Cœurs utilisés :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Pulps, enamel, fillings and implants</source>
            <translation>Pulpes, émail, obturations et implants</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Quick is as good in our tests; exact takes a few times longer.</source>
            <translation>« Rapide » est aussi bon dans nos tests ; « Exact » prend plusieurs fois plus de temps.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Redo</source>
            <translation>Rétablir</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Remove</source>
            <translation>Supprimer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Remove the chosen network from this computer. The built-in ones stay.</source>
            <translation>Retirer de cet ordinateur le réseau choisi. Ceux qui sont fournis restent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Renumber</source>
            <translation>Renuméroter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Research software, not a medical device: a clinician must check every result.</source>
            <translation>Logiciel de recherche, pas un dispositif médical : un praticien doit contrôler chaque résultat.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Results are called after the scans' files and folders.</source>
            <translation>Les résultats portent les noms des fichiers et dossiers des examens.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Results go to:</source>
            <translation>Résultats dans :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Scan:</source>
            <translation>Examen :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Segment Teeth</source>
            <translation>Segmenter les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Segment all</source>
            <translation>Tout segmenter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Segment it too</source>
            <translation>À segmenter aussi</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show all teeth</source>
            <translation>Toutes les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show in 3D</source>
            <translation>Afficher en 3D</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show panoramic view</source>
            <translation>Afficher la vue panoramique</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Show the distance to nerve canal or sinus</source>
            <translation>Montrer la distance au canal mandibulaire ou au sinus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Shows:</source>
            <translation>Affiche :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Simplifying:</source>
            <translation>Simplification :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Smoothing:</source>
            <translation>Lissage :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>State that this tooth is not there: extracted, or never formed. The numbers of the others follow; Undo takes it back.</source>
            <translation>Indiquer que cette dent n'est pas là : extraite ou jamais formée. Les numéros des autres suivent ; Annuler revient en arrière.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>Stopped, because the scan was deleted.</source>
            <translation>Arrêté, car l'examen a été supprimé.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>Stopped, because the scene was closed.</source>
            <translation>Arrêté, car la scène a été fermée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Take this tooth out of the result, as something that is no tooth.</source>
            <translation>Retirer cette dent du résultat, car ce n'est pas une dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Teeth go into:</source>
            <translation>Dents placées dans :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Teeth in 3D</source>
            <translation>Dents en 3D</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Teeth that are not there: the next run gives none of their numbers. They are crossed out on the chart.</source>
            <translation>Dents qui ne sont pas là : la prochaine analyse ne donne aucun de leurs numéros. Elles sont barrées sur le schéma.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The CBCT, with the roots.</source>
            <translation>Le CBCT, avec les racines.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The intraoral scan of the lower jaw, or its result: with numbered teeth it is not segmented again.</source>
            <translation>L’empreinte optique de la mâchoire inférieure, ou son résultat : si ses dents sont numérotées, elle n’est pas segmentée à nouveau.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The intraoral scan of the other jaw, if there is one. Both must lie in their bite.</source>
            <translation>L'empreinte optique de l'autre arcade, s'il y en a une. Les deux doivent être en occlusion.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The intraoral scan of the upper jaw, or its result: with numbered teeth it is not segmented again.</source>
            <translation>L’empreinte optique de la mâchoire supérieure, ou son résultat : si ses dents sont numérotées, elle n’est pas segmentée à nouveau.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The mean looks like an X-ray; the brightest voxels show enamel, fillings and implants.</source>
            <translation>La moyenne ressemble à une radiographie ; les voxels les plus clairs montrent l'émail, les obturations et les implants.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The nerve canals of the lower jaw and the maxillary sinuses of a CBCT, with their distances from the roots. It takes longer.</source>
            <translation>Les canaux nerveux de la mandibule et les sinus maxillaires d'un CBCT, avec leurs distances aux racines. Cela prend plus de temps.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The networks look at the CBCT twice, also at its mirror image, and the mean counts. It takes about one and a half times as long; try it where a result is doubtful.</source>
            <translation>Les réseaux regardent le CBCT deux fois, aussi son image en miroir, et la moyenne compte. Cela dure environ une fois et demie plus longtemps ; à essayer quand un résultat est douteux.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>The networks were trained on phantoms built from real patients' teeth and on public intraoral scans; their model cards name the data.</source>
            <translation>Les réseaux ont été entraînés sur des fantômes construits à partir de dents de vrais patients et sur des empreintes optiques publiques ; leurs fiches nomment les données.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The numbered teeth of this CBCT, where it is segmented already.</source>
            <translation>Les dents numérotées de ce CBCT, s’il est déjà segmenté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSeg.py"/>
            <source>The result could not be put into the scene ({error}): please report it.</source>
            <translation>Le résultat n'a pas pu être placé dans la scène ({error}) : veuillez le signaler.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The result to review. Tooth segmentations of other programs can be checked here too.</source>
            <translation>Le résultat à contrôler. Les segmentations dentaires d'autres logiciels peuvent aussi être contrôlées ici.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The results are the same; OpenVINO may be quicker, and is one more package to install.</source>
            <translation>Les résultats sont les mêmes ; OpenVINO peut être plus rapide, mais c'est un paquet de plus à installer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>The scans go back to where they were, the fused teeth go, and numbers that were decided are as before. Teeth that were segmented on the way stay.</source>
            <translation>Les empreintes reviennent à leur place, les dents fusionnées disparaissent et les numéros décidés sont comme avant. Les dents segmentées au passage restent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Thickness:</source>
            <translation>Épaisseur :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Tooth numbers:</source>
            <translation>Numérotation :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Undo</source>
            <translation>Annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Undo the fusion</source>
            <translation>Annuler la fusion</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Upper and lower jaw and the airway of a CBCT. It takes longer.</source>
            <translation>Mâchoires supérieure et inférieure et voies aériennes d'un CBCT. Cela prend plus de temps.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Upper jaw:</source>
            <translation>Mâchoire supérieure :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>What lies in the teeth of a CBCT, and what a dentist put in. It takes longer.</source>
            <translation>Ce que contiennent les dents d'un CBCT, et ce qu'un dentiste y a mis. Cela prend plus de temps.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>What looks at a CBCT: the built-in networks, or one of others that you have added.</source>
            <translation>Ce qui regarde un CBCT : les réseaux fournis, ou celui d'autrui que vous avez ajouté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Whether milk teeth may stand among the teeth.</source>
            <translation>Si des dents de lait peuvent se trouver parmi les dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>Which jaw the first intraoral scan shows. A CBCT needs no answer.</source>
            <translation>Arcade que montre la première empreinte optique. Inutile pour un CBCT.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>all</source>
            <translation>tous</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"/>
            <source>the scan's name and "teeth"</source>
            <translation>le nom de l'examen et « teeth »</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegLib</name>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/same_jaw.py"/>
            <source>'{first}' and '{second}' are the same scan: give one upper and one lower jaw.</source>
            <translation>« {first} » et « {second} » sont la même empreinte : donnez une arcade supérieure et une arcade inférieure.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/same_jaw.py"/>
            <source>'{first}' and '{second}' both look like {looks:words}: one of them is probably the wrong file.</source>
            <translation>« {first} » et « {second} » ressemblent tous deux à {looks:words} : l'un d'eux est probablement le mauvais fichier.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' has no thickness in one direction: check its spacing in Volumes.</source>
            <translation>« {name} » n'a pas d'épaisseur dans une direction : vérifiez l'espacement dans le module « Volumes ».</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' has no triangles, only points: export the scan as a surface.</source>
            <translation>« {name} » n'a pas de triangles, seulement des points : exportez l'empreinte comme surface.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>'{name}' has no voxels yet: segment a scan first.</source>
            <translation>« {name} » n'a pas encore de voxels : segmentez d'abord un examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' holds no image yet: load the scan again, or choose another volume.</source>
            <translation>« {name} » ne contient pas encore d'image : rechargez l'examen, ou choisissez un autre volume.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' holds no surface yet: load the scan again, or choose another model.</source>
            <translation>« {name} » ne contient pas encore de surface : rechargez l'empreinte, ou choisissez un autre modèle.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>'{name}' holds no teeth that can be told apart: segment a scan first.</source>
            <translation>« {name} » ne contient pas de dents distinctes : segmentez d'abord un examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is a colour image, no CBCT: choose the CBCT volume.</source>
            <translation>« {name} » est une image en couleur, pas un CBCT : choisissez le volume CBCT.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is a label map, no scan: choose the CBCT volume.</source>
            <translation>« {name} » est une carte d'étiquettes, pas un examen : choisissez le volume CBCT.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is a single slice, no CBCT: choose the whole volume.</source>
            <translation>« {name} » est une coupe unique, pas un CBCT : choisissez le volume entier.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>'{name}' is chosen for both jaws: choose the model of the other jaw too.</source>
            <translation>« {name} » est choisi pour les deux arcades : choisissez aussi le modèle de l'autre arcade.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>'{name}' is neither a volume nor a model: choose a scan.</source>
            <translation>« {name} » n'est ni un volume ni un modèle : choisissez un examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/surfaces.py"/>
            <source>'{name}' is no longer a surface of triangles: segment the scan again.</source>
            <translation>« {name} » n'est plus une surface de triangles : segmentez à nouveau l'empreinte.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>'{name}' is no segmentation: choose one, or a new one.</source>
            <translation>« {name} » n'est pas une segmentation : choisissez-en une, ou une nouvelle.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>'{name}' is under a transform that distorts it: harden the transform or take it off.</source>
            <translation>« {name} » est soumis à une transformation qui le déforme : figez la transformation ou retirez-la.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>'{name}' lies outside the CBCT: choose its own teeth.</source>
            <translation>« {name} » est en dehors du CBCT : choisissez ses propres dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>.</source>
            <translation>,</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>3D view</source>
            <translation>Vue 3D</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>; it may be {fdi:tooth}</source>
            <translation> ; ce pourrait être la {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining_canals.py"/>
            <source>A canal is no tooth: give a label map that also holds what lies around the teeth.</source>
            <translation>Un canal n'est pas une dent : indiquez une carte d'étiquettes qui contient aussi ce qui entoure les dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>A colour per tooth</source>
            <translation>Une couleur par dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining_canals.py"/>
            <source>A surface scan shows no canal: give a label map of a CBCT.</source>
            <translation>Un scan de surface ne montre pas de canal : indiquez une carte d'étiquettes d'un CBCT.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>A volume and a model cannot be segmented together: choose one after the other.</source>
            <translation>Un volume et un modèle ne peuvent pas être segmentés ensemble : choisissez l'un après l'autre.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/merging.py"/>
            <source>Add what touches tooth {teeth[1]:tooth} under the number {teeth[0]:tooth} to tooth {teeth[1]:tooth}</source>
            <translation>Ajouter à la dent {teeth[1]:tooth} ce qui la touche sous le numéro {teeth[0]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>All teeth are permanent</source>
            <translation>Toutes les dents sont permanentes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Along the axis that an implant would take; widths ± {unsure:.1f} mm by the voxels alone.</source>
            <translation>Selon l'axe que prendrait un implant ; largeurs à ± {unsure:.1f} mm du seul fait des voxels.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>An intraoral scan has no voxels: export its models.</source>
            <translation>Une empreinte optique n'a pas de voxels : exportez ses modèles.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Axial slice at the place</source>
            <translation>Coupe axiale à cet endroit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Axial slice through the lower teeth, seen from below</source>
            <translation>Coupe axiale des dents du bas, vue de dessous</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Axial slice through the upper teeth, seen from below</source>
            <translation>Coupe axiale des dents du haut, vue de dessous</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Bone below the enamel, at most</source>
            <translation>Os sous l'émail, au plus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Both models are said to be the {jaw:words} jaw: choose one upper and one lower jaw.</source>
            <translation>Les deux modèles sont indiqués comme arcade {jaw:words} : choisissez une arcade supérieure et une arcade inférieure.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Building a phantom scan</source>
            <translation>Création d'un examen fantôme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/tables.py"/>
            <source>CSV</source>
            <translation>CSV</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Checking the teeth</source>
            <translation>Contrôle des dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Checks: {counts:words}.</source>
            <translation>Contrôles : {counts:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/making.py"/>
            <source>Choose a number first: {what:clause}.</source>
            <translation>Choisissez d'abord un numéro : {what:clause}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Choose a scan first: a CBCT volume, or the model of one jaw or of both.</source>
            <translation>Choisissez d'abord un examen : un volume CBCT, ou le modèle d'une arcade ou des deux.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Choose a tooth or a finding: it is then shown in the chart, in 3D and in the tables.</source>
            <translation>Choisissez une dent ou un constat : il est alors montré sur le schéma dentaire, en 3D et dans les tableaux.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Choose one model, or two: the upper and the lower jaw.</source>
            <translation>Choisissez un modèle, ou deux : l'arcade supérieure et l'arcade inférieure.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Choose one volume at a time.</source>
            <translation>Choisissez un seul volume à la fois.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>Choose the number first.</source>
            <translation>Choisissez d'abord le numéro.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>Choose the scan of one jaw, or of both.</source>
            <translation>Choisissez l’empreinte d’une mâchoire, ou des deux.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Choose two teeth: {fdi:tooth} cannot change its number with itself.</source>
            <translation>Choisissez deux dents : la {fdi:tooth} ne peut pas échanger son numéro avec elle-même.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/tunnels.py"/>
            <source>Close the hole through tooth {teeth[0]:tooth}</source>
            <translation>Fermer le trou à travers la dent {teeth[0]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Close-up</source>
            <translation>Gros plan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/taking_numbers.py"/>
            <source>Compare the numbers of the CBCT and the intraoral scan</source>
            <translation>Comparer les numéros du CBCT et de l’empreinte optique</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Computing time</source>
            <translation>Temps de calcul</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Cone beam CT</source>
            <translation>Tomographie volumique à faisceau conique (CBCT)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Confidence</source>
            <translation>Confiance</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Contradiction: correct it before you use the result</source>
            <translation>Contradiction : corrigez-la avant d'utiliser le résultat</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Coronal slice at the place</source>
            <translation>Coupe coronale à cet endroit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Coronal slice, seen from the front</source>
            <translation>Coupe coronale, vue de face</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Crown</source>
            <translation>Couronne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Crown surface</source>
            <translation>Surface de la couronne</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Crown to root</source>
            <translation>Couronne sur racine</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Cut by the scan</source>
            <translation>Coupée par l'image</translation>
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
            <translation>Glissez pour tourner, utilisez la molette ou deux doigts pour vous approcher, cliquez sur une dent pour la choisir. Au clavier : les flèches tournent, + et − approchent et éloignent, Début montre la face avant, Échap annule le choix.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Drawing the borders</source>
            <translation>Tracé des limites</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/exchanging.py"/>
            <source>Exchange left and right for all teeth</source>
            <translation>Échanger gauche et droite pour toutes les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/exchanging.py"/>
            <source>Exchange left and right for all {jaw:words} teeth</source>
            <translation>Échanger gauche et droite pour toutes les dents de l'arcade {jaw:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Exchange the numbers {teeth[0]:tooth} and {teeth[1]:tooth}</source>
            <translation>Échanger les numéros {teeth[0]:tooth} et {teeth[1]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/exchanging.py"/>
            <source>Exchange upper and lower for all teeth</source>
            <translation>Échanger haut et bas pour toutes les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>FDI</source>
            <translation>FDI</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Files and their SHA-256 checksums</source>
            <translation>Fichiers et leurs sommes de contrôle SHA-256</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/filling.py"/>
            <source>Fill what is hollow in tooth {teeth[0]:tooth}</source>
            <translation>Combler la cavité de la dent {teeth[0]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Finding the jaw's position</source>
            <translation>Recherche de la position de l'arcade</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Finding the teeth</source>
            <translation>Recherche des dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Findings</source>
            <translation>Constats</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>For this finding no repair can be made by itself: edit the tooth in Segment Editor.</source>
            <translation>Ce constat ne peut pas être corrigé automatiquement : modifiez la dent dans Segment Editor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>For your information</source>
            <translation>Pour information</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>From above</source>
            <translation>De dessus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>From below</source>
            <translation>De dessous</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>From the front</source>
            <translation>De face</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>From the patient's left</source>
            <translation>Du côté gauche du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>From the patient's right</source>
            <translation>Du côté droit du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Front</source>
            <translation>Face</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>GLB</source>
            <translation>GLB</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give tooth {fdi:tooth} another number</source>
            <translation>Donner un autre numéro à la dent {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give tooth {fdi:tooth} the number {to:tooth}</source>
            <translation>Donner le numéro {to:tooth} à la dent {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give {what:words} a number of its own</source>
            <translation>Donner un numéro propre à {what:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Give {what:words} the number {to:tooth}</source>
            <translation>Donner le numéro {to:tooth} à {what:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Gum</source>
            <translation>Gencive</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Height</source>
            <translation>Hauteur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Height ends at</source>
            <translation>La hauteur s'arrête à</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Holes through it</source>
            <translation>Trous traversants</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Hollows</source>
            <translation>Cavités</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>How this was made</source>
            <translation>Comment ceci a été fait</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Intraoral scan, lower jaw</source>
            <translation>Empreinte optique, arcade inférieure</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Intraoral scan, upper jaw</source>
            <translation>Empreinte optique, arcade supérieure</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/frame_uncertain.py"/>
            <source>It is not certain how the jaw lies in '{name}' (confidence {percent} %): check front and back, and the numbers.</source>
            <translation>L'orientation de l'arcade dans « {name} » n'est pas certaine (confiance {percent} %) : vérifiez l'avant, l'arrière et les numéros.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/jaw_uncertain.py"/>
            <source>It is not certain that '{name}' is {looks:words} (confidence {percent} %): state the jaw if you know it.</source>
            <translation>Il n'est pas certain que « {name} » soit {looks:words} (confiance {percent} %) : indiquez l'arcade si vous la connaissez.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/report_json.py"/>
            <source>JSON</source>
            <translation>JSON</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining_canals.py"/>
            <source>Join the pieces of the {name:words} along the jaw; {gap_mm:.1f} mm of it are drawn without being seen</source>
            <translation>Relier les morceaux le long de la mâchoire ({name:words}) ; {gap_mm:.1f} mm en sont dessinés sans être vus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Join the pieces of tooth {teeth[0]:tooth}</source>
            <translation>Réunir les morceaux de la dent {teeth[0]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Laying the scans over the CBCT</source>
            <translation>Superposition des empreintes au CBCT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Leans to the cheek</source>
            <translation>Inclinaison vers la joue</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Leans to the midline</source>
            <translation>Inclinaison vers la ligne médiane</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/separating.py"/>
            <source>Leave a gap between teeth {teeth[0]:tooth} and {teeth[1]:tooth}</source>
            <translation>Laisser un espace entre les dents {teeth[0]:tooth} et {teeth[1]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>Left and right are exchanged in the {jaw:words} jaw: its teeth fit their places only when every number changes sides.</source>
            <translation>Gauche et droite sont inversées dans l'arcade {jaw:words} : les dents ne correspondent à leurs places que si chaque numéro change de côté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>Left and right are exchanged: the teeth fit their places only when every number changes sides.</source>
            <translation>Gauche et droite sont inversées : les dents ne correspondent à leurs places que si chaque numéro change de côté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Left side</source>
            <translation>Côté gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Length</source>
            <translation>Longueur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Licence of three.js</source>
            <translation>Licence de three.js</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Lower jaw, from above</source>
            <translation>Arcade inférieure, de dessus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Lower teeth</source>
            <translation>Dents du bas</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>Milk teeth or not is left open</source>
            <translation>La présence de dents de lait reste ouverte</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/nifti.py"/>
            <source>NIfTI</source>
            <translation>NIfTI</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Networks</source>
            <translation>Réseaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>No distance, because</source>
            <translation>Pas de distance, car</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/tunnels.py"/>
            <source>No hole runs through tooth {fdi:tooth}: there is nothing to close.</source>
            <translation>Aucun trou ne traverse la dent {fdi:tooth} : il n'y a rien à fermer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/repair.py"/>
            <source>No number is needed to do this: {what:clause}.</source>
            <translation>Aucun numéro n'est nécessaire pour cela : {what:clause}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>No teeth were found, so there is nothing to show.</source>
            <translation>Aucune dent n'a été trouvée, il n'y a donc rien à afficher.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>No tooth was found on '{name}'.</source>
            <translation>Aucune dent n'a été trouvée sur « {name} ».</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>No tooth would keep a number: state only those that are absent.</source>
            <translation>Aucune dent ne garderait de numéro : n'indiquez que celles qui sont absentes.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>No {jaw:words} tooth was found: the {jaw:words} jaw lies outside the scan or has no teeth.</source>
            <translation>Aucune dent {jaw:words} n'a été trouvée : l'arcade {jaw:words} est hors de l'examen ou édentée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Notes on {name}</source>
            <translation>Remarques sur {name}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/merging.py"/>
            <source>Nothing with the number {part:tooth} touches tooth {whole:tooth}: there is nothing to add to it.</source>
            <translation>Rien de numéroté {part:tooth} ne touche la dent {whole:tooth} : il n'y a rien à lui ajouter.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Numbering the teeth</source>
            <translation>Numérotation des dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Numbers</source>
            <translation>Numéros</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>OBJ</source>
            <translation>OBJ</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_volume.py"/>
            <source>Of tooth {fdi:tooth} only the pulp is labelled: {volume} mm³.</source>
            <translation>De la dent {fdi:tooth}, seule la pulpe est segmentée : {volume} mm³.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Out of the bone to in it</source>
            <translation>Hors de l'os sur dans l'os</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>PLY</source>
            <translation>PLY</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Panoramic view, the patient's right on the left, with nerve canals and sinuses; a canal is dashed where it is drawn, not seen; findings have their numbers</source>
            <translation>Vue panoramique, la droite du patient à gauche, avec les canaux nerveux et les sinus ; un canal est en tirets là où il est dessiné sans avoir été vu ; les constats portent leurs numéros</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Panoramic view, the patient's right on the left; findings have their numbers</source>
            <translation>Vue panoramique, la droite du patient est à gauche ; les constats portent leurs numéros</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Patches of gum</source>
            <translation>Zones de gencive</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Patient's left</source>
            <translation>Gauche (patient)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Patient's right</source>
            <translation>Droite (patient)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Pictures</source>
            <translation>Images</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Pieces</source>
            <translation>Morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Place (right, front, up; mm): {place}</source>
            <translation>Position (droite, avant, haut ; mm) : {place}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Place in the file (x, y, z): {place}</source>
            <translation>Position dans le fichier (x, y, z) : {place}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/site_sections.py"/>
            <source>Place of tooth {fdi:tooth}, cross-section with the axis: maximum of {thick:.0f} mm (MIP), the cheek on the right</source>
            <translation>Place de la dent {fdi:tooth}, coupe avec l'axe : maximum sur {thick:.0f} mm (MIP), la joue à droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/site_sections.py"/>
            <source>Place of tooth {fdi:tooth}, cross-section with the axis: mean of {thick:.0f} mm, the cheek on the right</source>
            <translation>Place de la dent {fdi:tooth}, coupe avec l'axe : moyenne sur {thick:.0f} mm, la joue à droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>Please check tooth {fdi:tooth} and its number: {doubt:words}.</source>
            <translation>Veuillez vérifier la dent {fdi:tooth} et son numéro : {doubt:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Possible repair: {repair}.</source>
            <translation>Correction possible : {repair}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Possible repairs:</source>
            <translation>Corrections possibles :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Probably wrong: look at it</source>
            <translation>Probablement faux : à examiner</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Programs</source>
            <translation>Logiciels</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Pulp</source>
            <translation>Pulpe</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/replacing.py"/>
            <source>Put the teeth of the new segmentation in place of those before</source>
            <translation>Mettre les dents de la nouvelle segmentation à la place des précédentes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Reading the scan</source>
            <translation>Lecture de l'examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/loose_pieces.py"/>
            <source>Remove the loose specks of {teeth:teeth}</source>
            <translation>Supprimer les éclats isolés ({teeth:teeth})</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/deleting.py"/>
            <source>Remove the second tooth {fdi:tooth}: it is no tooth</source>
            <translation>Supprimer la seconde dent {fdi:tooth} : ce n'est pas une dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/loose_pieces.py"/>
            <source>Remove the small pieces of tooth {teeth[0]:tooth}</source>
            <translation>Supprimer les petits morceaux de la dent {teeth[0]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/deleting.py"/>
            <source>Remove tooth {teeth[0]:tooth}: it is no tooth</source>
            <translation>Supprimer la dent {teeth[0]:tooth} : ce n'est pas une dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/deleting.py"/>
            <source>Remove what has no number: it is no tooth</source>
            <translation>Supprimer l'élément sans numéro : ce n'est pas une dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Renumber as they stand: {steps:words}</source>
            <translation>Renuméroter selon leur position : {steps:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/report.py"/>
            <source>Research software, not a medical device. A clinician must check every result.</source>
            <translation>Logiciel de recherche, pas un dispositif médical. Un clinicien doit vérifier chaque résultat.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Right side</source>
            <translation>Côté droit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Root</source>
            <translation>Racine</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>STL</source>
            <translation>STL</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Sagittal slice, seen from the patient's right</source>
            <translation>Coupe sagittale, vue du côté droit du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Sampling the surface</source>
            <translation>Échantillonnage de la surface</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>Say "upper" or "lower" for each model, or leave the jaw open.</source>
            <translation>Indiquez « upper » (haut) ou « lower » (bas) pour chaque modèle, ou laissez l'arcade indéterminée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Score</source>
            <translation>Score</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Scripts are switched off: the 3D view and the links between teeth and findings do not work.</source>
            <translation>Les scripts sont désactivés : la vue 3D et les liens entre dents et constats ne fonctionnent pas.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Separating the teeth</source>
            <translation>Séparation des dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Shape</source>
            <translation>Forme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Show the place</source>
            <translation>Montrer l'endroit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Show {teeth:teeth}</source>
            <translation>Montrer {teeth:teeth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>Simplifying is from 0 to 0.95, not {value}.</source>
            <translation>La simplification va de 0 à 0,95, pas {value}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Skip to the findings</source>
            <translation>Aller aux constats</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>Slicer could not make surfaces of the teeth.</source>
            <translation>Slicer n'a pas pu créer les surfaces des dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>Slicer refused the segment of '{name}'.</source>
            <translation>Slicer a refusé le segment de '{name}'.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>Slicer refused the segment of tooth {number}.</source>
            <translation>Slicer a refusé le segment de la dent {number}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>Slicer refused to change segment '{key}' of '{name}'.</source>
            <translation>Slicer a refusé de modifier le segment « {key} » de « {name} ».</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>Smoothing is from 0 to 1, not {value}.</source>
            <translation>Le lissage va de 0 à 1, pas {value}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>Something else lies in the gap of the {name:words}: draw the part between.</source>
            <translation>Autre chose se trouve dans la lacune ({name:words}) : dessinez la partie intermédiaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/extra_tooth.py"/>
            <source>Something like a tooth near {near:tooth} has no number: a supernumerary tooth, a part of a neighbour, or something that is no tooth.</source>
            <translation>Un élément semblable à une dent près de la {near:tooth} n'a pas de numéro : une dent surnuméraire, une partie d'une voisine, ou autre chose qu'une dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/splitting.py"/>
            <source>Split tooth {teeth[0]:tooth} into {teeth[0]:tooth} and {teeth[1]:tooth}</source>
            <translation>Diviser la dent {teeth[0]:tooth} en {teeth[0]:tooth} et {teeth[1]:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/stated.py"/>
            <source>Stated absent: {numbers}.</source>
            <translation>Indiquées absentes : {numbers}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/stated.py"/>
            <source>Stated: a mixed dentition, in which milk teeth may stand.</source>
            <translation>Indiqué : une denture mixte, où des dents de lait peuvent se trouver.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/stated.py"/>
            <source>Stated: permanent teeth only.</source>
            <translation>Indiqué : dents permanentes seulement.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/taking_numbers.py"/>
            <source>Take the numbers of the CBCT and the intraoral scan together: {steps:words}</source>
            <translation>Prendre les numéros du CBCT et de l’empreinte optique ensemble : {steps:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth in 3D</source>
            <translation>Dents en 3D</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth of {name}</source>
            <translation>Dents de {name}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>Teeth were edited since: take these edits back first (Undo in Review), then undo the fusion.</source>
            <translation>Des dents ont été modifiées depuis : annulez d’abord ces modifications (Annuler, dans la révision), puis la fusion.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/separating.py"/>
            <source>Teeth {a:tooth} and {b:tooth} do not touch: there is nothing to separate.</source>
            <translation>Les dents {a:tooth} et {b:tooth} ne se touchent pas : il n'y a rien à séparer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/merged_neighbours.py"/>
            <source>Teeth {first:tooth} and {second:tooth} share an unusually large border ({area} mm²): they may be one tooth, or not be separated where they should be.</source>
            <translation>Les dents {first:tooth} et {second:tooth} ont une surface commune anormalement grande ({area} mm²) : elles ne forment peut-être qu'une dent, ou ne sont pas séparées au bon endroit.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>Teeth {numbers}</source>
            <translation>Les dents {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth, from the patient's right to left</source>
            <translation>Dents, de la droite à la gauche du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth, lower jaw, from the patient's right to left</source>
            <translation>Dents, arcade inférieure, de la droite à la gauche du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Teeth, upper jaw, from the patient's right to left</source>
            <translation>Dents, arcade supérieure, de la droite à la gauche du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The 3D view is made with three.js {version} (MIT licence).</source>
            <translation>La vue 3D est faite avec three.js {version} (licence MIT).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>The CBCT</source>
            <translation>Le CBCT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jobs.py"/>
            <source>The axes of '{name}' are not perpendicular: resample it, for example with Crop Volume.</source>
            <translation>Les axes de « {name} » ne sont pas perpendiculaires : rééchantillonnez-le, par exemple avec « Crop Volume ».</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>The bone where teeth are missing</source>
            <translation>L'os là où des dents manquent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The checks found nothing to say.</source>
            <translation>Les contrôles n'ont rien à signaler.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/surfaces.py"/>
            <source>The colours of '{name}' are gone: segment the scan again.</source>
            <translation>Les couleurs de « {name} » ont disparu : segmentez à nouveau l'examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly large: its surface is {value} mm², where {usual} mm² is usual and {low} to {high} mm² are believable.</source>
            <translation>La couronne de la dent {fdi:tooth} est anormalement grande : sa surface est de {value} mm², alors que {usual} mm² est habituel et {low} à {high} mm² plausible.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly large: its width is {value} mm, where {usual} mm is usual and {low} to {high} mm are believable.</source>
            <translation>La couronne de la dent {fdi:tooth} est anormalement grande : sa largeur est de {value} mm, alors que {usual} mm est habituel et {low} à {high} mm plausible.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly small: its surface is {value} mm², where {usual} mm² is usual and {low} to {high} mm² are believable.</source>
            <translation>La couronne de la dent {fdi:tooth} est anormalement petite : sa surface est de {value} mm², alors que {usual} mm² est habituel et {low} à {high} mm² plausible.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>The crown of tooth {fdi:tooth} is implausibly small: its width is {value} mm, where {usual} mm is usual and {low} to {high} mm are believable.</source>
            <translation>La couronne de la dent {fdi:tooth} est anormalement petite : sa largeur est de {value} mm, alors que {usual} mm est habituel et {low} à {high} mm plausible.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/terminology.py"/>
            <source>The list of teeth '{path}' cannot be read: install the extension again.</source>
            <translation>La liste des dents « {path} » ne peut pas être lue : réinstallez l'extension.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>The model</source>
            <translation>Le modèle</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>The model is no longer in the scene: choose another one.</source>
            <translation>Le modèle n'est plus dans la scène : choisissez-en un autre.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The network's own score for the number of a tooth; it is not a measured probability.</source>
            <translation>Le score propre du réseau pour le numéro d'une dent ; ce n'est pas une probabilité mesurée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>The number {fdi:tooth} is given to two teeth.</source>
            <translation>Le numéro {fdi:tooth} est attribué à deux dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>The number {fdi:tooth} is given to two teeth; one of them may be tooth {free:tooth}.</source>
            <translation>Le numéro {fdi:tooth} est attribué à deux dents ; l'une d'elles pourrait être la dent {free:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>The number {fdi:tooth} is given to two teeth; the second one may be tooth {free:tooth}.</source>
            <translation>Le numéro {fdi:tooth} est attribué à deux dents ; la seconde pourrait être la dent {free:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>The number {fdi:tooth} was given by hand, so it is not found anew: give this tooth another number, or remove it, first.</source>
            <translation>Le numéro {fdi:tooth} a été donné à la main, il n'est donc pas déterminé à nouveau : donnez d'abord un autre numéro à cette dent, ou retirez-la.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>The number {new:tooth} is another tooth's: give that tooth a number too.</source>
            <translation>Le numéro {new:tooth} est celui d'une autre dent : donnez aussi un numéro à cette dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>The number {new:tooth} is another tooth's: give that tooth another first.</source>
            <translation>Le numéro {new:tooth} est celui d'une autre dent : donnez-en d'abord un autre à celle-ci.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>The number {to:tooth} is another tooth's: choose one that is free.</source>
            <translation>Le numéro {to:tooth} est celui d'une autre dent : choisissez-en un qui soit libre.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>The number {to:tooth} is another tooth's: exchange the two numbers instead.</source>
            <translation>Le numéro {to:tooth} est celui d'une autre dent : échangez plutôt les deux numéros.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/panoramic.py"/>
            <source>The panoramic view was not drawn yet.</source>
            <translation>La vue panoramique n'a pas encore été tracée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>The pieces of the {name:words} lie {gap:.0f} mm apart, too far to be joined: draw the part between.</source>
            <translation>Les morceaux sont distants de {gap:.0f} mm ({name:words}), trop pour être reliés : dessinez la partie intermédiaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>The probability, estimated on synthetic scans, that a tooth with this number is there and is outlined well.</source>
            <translation>La probabilité, estimée sur des images de synthèse, qu'une dent de ce numéro soit là et bien délimitée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>The result</source>
            <translation>Le résultat</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>The result of the fusion is incomplete ('{file}'): run it again.</source>
            <translation>Le résultat de la fusion est incomplet (« {file} ») : relancez-la.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The result of the segmentation does not fit '{name}': run it again.</source>
            <translation>Le résultat de la segmentation ne correspond pas à « {name} » : relancez-la.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The result of the segmentation is incomplete ('{file}'): run it again.</source>
            <translation>Le résultat de la segmentation est incomplet (« {file} ») : relancez-la.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The result of the segmentation is incomplete (no {error}): run it again.</source>
            <translation>Le résultat de la segmentation est incomplet ({error} manque) : relancez-la.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>The same tooth is {cbct:words} in the CBCT and {scan:words} in the intraoral scan: please decide which number is right.</source>
            <translation>La même dent est la {cbct:words} dans le CBCT et la {scan:words} dans l’empreinte optique : décidez quel numéro est le bon.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>The same tooth was {cbct:words} in the CBCT and {scan:words} in the intraoral scan: {fdi:tooth} was taken for both, please check.</source>
            <translation>La même dent était la {cbct:words} dans le CBCT et la {scan:words} dans l’empreinte optique : {fdi:tooth} a été retenu pour les deux, veuillez vérifier.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusion_jobs.py"/>
            <source>The scan</source>
            <translation>L'examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/panoramic.py"/>
            <source>The scan of this result is not in the scene: load it to see the panoramic view.</source>
            <translation>L'examen de ce résultat n'est pas dans la scène : chargez-le pour voir la vue panoramique.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>The scan that was fused</source>
            <translation>L’empreinte fusionnée</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The scan that was segmented</source>
            <translation>L'examen segmenté</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/closed_surfaces.py"/>
            <source>The segmentation</source>
            <translation>La segmentation</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The segmentation that takes the teeth</source>
            <translation>La segmentation qui reçoit les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/segments.py"/>
            <source>The segments of '{name}' cannot be brought onto one grid.</source>
            <translation>Les segments de « {name} » ne peuvent pas être ramenés à une même grille.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/results.py"/>
            <source>The segments of '{name}' cannot be turned into voxels.</source>
            <translation>Les segments de « {name} » ne peuvent pas être convertis en voxels.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/inside_out.py"/>
            <source>The surface of '{name}' is inside out: the exporter may have mirrored it; check left and right.</source>
            <translation>La surface de « {name} » est retournée : l'export l'a peut-être mise en miroir ; vérifiez gauche et droite.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>The teeth are numbered as lower teeth, but their roots point up: upper and lower jaw are probably exchanged.</source>
            <translation>Les dents sont numérotées comme inférieures, mais leurs racines pointent vers le haut : les deux arcades sont probablement inversées.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>The teeth are numbered as upper teeth, but their roots point down: upper and lower jaw are probably exchanged.</source>
            <translation>Les dents sont numérotées comme supérieures, mais leurs racines pointent vers le bas : les deux arcades sont probablement inversées.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/edit.py"/>
            <source>The teeth were changed since: undo the later changes first, or check again for a new proposal.</source>
            <translation>Les dents ont été modifiées depuis : annulez d'abord les modifications ultérieures, ou recontrôlez pour obtenir une nouvelle proposition.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/nodes.py"/>
            <source>The transform '{transform}' flattens {what:clause}: choose another transform.</source>
            <translation>La transformation « {transform} » aplatit {what:clause} : choisissez une autre transformation.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>The two jaws are not in the bite: {reason:words}. Teeth and numbers are not affected, but contacts between the jaws cannot be judged.</source>
            <translation>Les deux arcades ne sont pas en occlusion : {reason:words}. Les dents et les numéros ne sont pas affectés, mais les contacts entre les arcades ne peuvent pas être évalués.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>The two teeth stand in different jaws: their numbers cannot be exchanged.</source>
            <translation>Les deux dents sont sur des arcades différentes : leurs numéros ne peuvent pas être échangés.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_branched.py"/>
            <source>The {name:words} has {ends} ends; a canal has two. It may be two canals, or have run into a vessel.</source>
            <translation>{ends} extrémités ({name:words}) ; un canal en a deux. Il s'agit peut-être de deux canaux, ou il s'est prolongé dans un vaisseau.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>The {name:words} is in one piece: there is nothing to join.</source>
            <translation>Un seul morceau ({name:words}) : il n'y a rien à relier.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_in_pieces.py"/>
            <source>The {name:words} is in {pieces} pieces; the widest gap is {gap:.1f} mm.</source>
            <translation>En {pieces} morceaux ({name:words}) ; la plus grande lacune mesure {gap:.1f} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/structure_wrong_side.py"/>
            <source>The {name:words} lies on the patient's {side:words}: left and right are exchanged, or the file says wrongly how it lies.</source>
            <translation>Du mauvais côté du patient, {side:words} ({name:words}) : gauche et droite sont échangées, ou le fichier indique mal son orientation.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the maxillary sinus.</source>
            <translation>La racine {root:words} de la dent {fdi:tooth} arrive à {mm:.1f} mm (± {unsure:.1f} mm) du sinus maxillaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the nerve canal.</source>
            <translation>La racine {root:words} de la dent {fdi:tooth} arrive à {mm:.1f} mm (± {unsure:.1f} mm) du canal mandibulaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} touches the maxillary sinus, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>La racine {root:words} de la dent {fdi:tooth} touche le sinus maxillaire, ou presque ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>The {root:words} root of tooth {fdi:tooth} touches the nerve canal, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>La racine {root:words} de la dent {fdi:tooth} touche le canal mandibulaire, ou presque ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>There are no teeth to look at.</source>
            <translation>Il n'y a pas de dents à regarder.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>There is no tooth here to do this with: {what:clause}.</source>
            <translation>Il n'y a pas de dent ici pour cela : {what:clause}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>There is no tooth {fdi:tooth} here.</source>
            <translation>Il n'y a pas de dent {fdi:tooth} ici.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/jaw_review.py"/>
            <source>There is no tooth {number}.</source>
            <translation>Il n'y a pas de dent {number}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/canals.py"/>
            <source>There is no {name:words} here.</source>
            <translation>Absent ici : {name:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/making.py"/>
            <source>There is nothing to change: {what:clause}.</source>
            <translation>Il n'y a rien à modifier : {what:clause}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>There is nothing to redo.</source>
            <translation>Il n'y a rien à rétablir.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>There is nothing to undo.</source>
            <translation>Il n'y a rien à annuler.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/extra_tooth.py"/>
            <source>There is one tooth more than there are numbers near tooth {fdi:tooth}: a supernumerary tooth, or something that is no tooth.</source>
            <translation>Près de la dent {fdi:tooth}, il y a une dent de plus que de numéros : une dent surnuméraire, ou autre chose qu'une dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>There may be milk teeth</source>
            <translation>Il peut y avoir des dents de lait</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>They looked twice (test-time augmentation).</source>
            <translation>Ils ont regardé deux fois (augmentation au test).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>This browser shows no 3D view (WebGL is not available): the pictures below show the same teeth.</source>
            <translation>Ce navigateur ne montre pas de vue 3D (WebGL n'est pas disponible) : les images ci-dessous montrent les mêmes dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>This finding is no longer in the list.</source>
            <translation>Ce constat n'est plus dans la liste.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/review.py"/>
            <source>This finding is settled already.</source>
            <translation>Ce constat est déjà réglé.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>This is stated already: there is nothing to change.</source>
            <translation>C'est déjà indiqué : il n'y a rien à changer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/wrong_jaw.py"/>
            <source>This looks like {looks:words}, but {said:words} ('{name}', confidence {percent} %).</source>
            <translation>Ceci ressemble à {looks:words}, mais {said:words} (« {name} », confiance {percent} %).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>This page was written</source>
            <translation>Cette page a été écrite le</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/volume_review.py"/>
            <source>This place was edited by hand since, so the step cannot be taken back or done again: use the undo of Segment Editor.</source>
            <translation>Cet endroit a été modifié à la main depuis, l'étape ne peut donc être ni annulée ni rétablie : utilisez l'annulation de Segment Editor.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>This repair is for intraoral scans: in a label map nothing stands without a number.</source>
            <translation>Cette correction concerne les empreintes optiques : dans une carte d'étiquettes, rien n'est sans numéro.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/tunnels.py"/>
            <source>This repair is for label maps of CBCT: a surface has no inside that a hole could run through.</source>
            <translation>Cette correction concerne les cartes d'étiquettes de CBCT : une surface n'a pas d'intérieur qu'un trou pourrait traverser.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>To the nerve canal</source>
            <translation>Au canal mandibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>To the sinus</source>
            <translation>Au sinus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/jaw_bench.py"/>
            <source>Too few teeth are there to tell which half of tooth {fdi:tooth} is {other:tooth}.</source>
            <translation>Il y a trop peu de dents pour dire quelle moitié de la dent {fdi:tooth} est la {other:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/panoramic.py"/>
            <source>Too few teeth show how the arch runs, so there is no panoramic view.</source>
            <translation>Trop peu de dents montrent le tracé de l'arcade, il n'y a donc pas de vue panoramique.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Tooth</source>
            <translation>Dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth chart (FDI)</source>
            <translation>Schéma dentaire (FDI)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/separating.py"/>
            <source>Tooth {a:tooth} would fall into pieces if a gap were left between {a:tooth} and {b:tooth}: draw the border by hand.</source>
            <translation>La dent {a:tooth} se diviserait en morceaux si un espace était laissé entre la {a:tooth} et la {b:tooth} : dessinez la limite à la main.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>Tooth {fdi:tooth}</source>
            <translation>La dent {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Tooth {fdi:tooth} belongs to the {jaw:words} jaw but stands among {other:words} teeth.</source>
            <translation>La dent {fdi:tooth} appartient à l'arcade {jaw:words}, mais se trouve parmi les dents de l'arcade {other:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Tooth {fdi:tooth} belongs to the {jaw:words} jaw but stands in the {other:words}{hint:words}.</source>
            <translation>La dent {fdi:tooth} appartient à l'arcade {jaw:words}, mais se trouve sur l'arcade {other:words}{hint:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>Tooth {fdi:tooth} belongs to the {side:words} side but stands on the {other:words}{hint:words}.</source>
            <translation>La dent {fdi:tooth} devrait être à {side:words}, mais se trouve à {other:words}{hint:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>Tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the maxillary sinus.</source>
            <translation>La dent {fdi:tooth} arrive à {mm:.1f} mm (± {unsure:.1f} mm) du sinus maxillaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>Tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the nerve canal.</source>
            <translation>La dent {fdi:tooth} arrive à {mm:.1f} mm (± {unsure:.1f} mm) du canal mandibulaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tunnel.py"/>
            <source>Tooth {fdi:tooth} has a hole running through it.</source>
            <translation>Un trou traverse la dent {fdi:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/hole.py"/>
            <source>Tooth {fdi:tooth} has a patch of gum in its surface, {area:.1f} mm² in all.</source>
            <translation>La dent {fdi:tooth} a une zone de gencive dans sa surface, {area:.1f} mm² au total.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/void.py"/>
            <source>Tooth {fdi:tooth} has an enclosed hollow of {volume:.1f} mm³ in all.</source>
            <translation>La dent {fdi:tooth} a une cavité fermée de {volume:.1f} mm³ au total.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>Tooth {fdi:tooth} has no enclosed hollow: there is nothing to fill.</source>
            <translation>La dent {fdi:tooth} n'a pas de cavité fermée : il n'y a rien à combler.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/jaw_bench.py"/>
            <source>Tooth {fdi:tooth} has no patch of gum in its surface: there is nothing to fill.</source>
            <translation>La dent {fdi:tooth} n'a pas de gencive dans sa surface : il n'y a rien à combler.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>Tooth {fdi:tooth} has this number already.</source>
            <translation>La dent {fdi:tooth} a déjà ce numéro.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/void.py"/>
            <source>Tooth {fdi:tooth} has {count} enclosed hollows of {volume:.1f} mm³ in all.</source>
            <translation>La dent {fdi:tooth} a {count} cavités fermées de {volume:.1f} mm³ au total.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tunnel.py"/>
            <source>Tooth {fdi:tooth} has {count} holes running through it.</source>
            <translation>La dent {fdi:tooth} est traversée par {count} trous.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/hole.py"/>
            <source>Tooth {fdi:tooth} has {count} patches of gum in its surface, {area:.1f} mm² in all.</source>
            <translation>La dent {fdi:tooth} a {count} zones de gencive dans sa surface, {area:.1f} mm² au total.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/merged_neighbours.py"/>
            <source>Tooth {fdi:tooth} is as large as two teeth and {other:tooth} was not found: they were probably taken for one.</source>
            <translation>La dent {fdi:tooth} est aussi grande que deux dents et la {other:tooth} n'a pas été trouvée : elles ont probablement été prises pour une seule.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/cut_by_scan_border.py"/>
            <source>Tooth {fdi:tooth} is cut by the border of the scan ({length} mm of its outline); its crown is not complete.</source>
            <translation>La dent {fdi:tooth} est coupée par le bord de l'empreinte ({length} mm de son contour) ; sa couronne n'est pas complète.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/cut_by_field_of_view.py"/>
            <source>Tooth {fdi:tooth} is cut by the edge of the scan; its volume is not that of the whole tooth.</source>
            <translation>La dent {fdi:tooth} est coupée par le bord de l'examen ; son volume n'est pas celui de la dent entière.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_volume.py"/>
            <source>Tooth {fdi:tooth} is implausibly large: {volume} mm³, where {low:.0f} to {high:.0f} mm³ is usual.</source>
            <translation>La dent {fdi:tooth} est anormalement grande : {volume} mm³, alors que {low:.0f} à {high:.0f} mm³ est habituel.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_volume.py"/>
            <source>Tooth {fdi:tooth} is implausibly small: {volume} mm³, where {low:.0f} to {high:.0f} mm³ is usual.</source>
            <translation>La dent {fdi:tooth} est anormalement petite : {volume} mm³, alors que {low:.0f} à {high:.0f} mm³ est habituel.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/second_teeth.py"/>
            <source>Tooth {fdi:tooth} is in one piece: there is no second tooth with its number.</source>
            <translation>La dent {fdi:tooth} est d'un seul tenant : il n'y a pas de seconde dent avec son numéro.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} is in one piece: there is nothing to join.</source>
            <translation>La dent {fdi:tooth} est d'un seul tenant : il n'y a rien à réunir.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>Tooth {fdi:tooth} is in one piece: there is nothing to remove.</source>
            <translation>La dent {fdi:tooth} est d'un seul tenant : il n'y a rien à supprimer.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} is in pieces that lie {gap:.0f} mm apart, too far to be joined: draw the part between.</source>
            <translation>La dent {fdi:tooth} est en morceaux distants de {gap:.0f} mm, trop loin pour être réunis : dessinez la partie intermédiaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} is in pieces with another tooth between them: draw the part between.</source>
            <translation>La dent {fdi:tooth} est en morceaux avec une autre dent entre eux : dessinez la partie intermédiaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>Tooth {fdi:tooth} is in {pieces:words}; the largest loose one has {size:.0f} mm² and lies {away} mm from the middle of the tooth.</source>
            <translation>La dent {fdi:tooth} est en {pieces:words} ; le plus grand détaché mesure {size:.0f} mm² et se trouve à {away} mm du milieu de la dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>Tooth {fdi:tooth} is in {pieces:words}; the largest loose one has {size:.1f} mm³ and lies {away} mm from the middle of the tooth.</source>
            <translation>La dent {fdi:tooth} est en {pieces:words} ; le plus grand détaché mesure {size:.1f} mm³ et se trouve à {away} mm du milieu de la dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tooth_outside_jaw.py"/>
            <source>Tooth {fdi:tooth} is not held by the {jaw:words} jaw: its bone is {mm:.0f} mm away.</source>
            <translation>La dent {fdi:tooth} n'est pas tenue par sa mâchoire ({jaw:words}) : l'os en est à {mm:.0f} mm.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/splitting.py"/>
            <source>Tooth {fdi:tooth} shows no place where {other:tooth} could begin: draw the border by hand.</source>
            <translation>La dent {fdi:tooth} ne montre aucun endroit où la {other:tooth} pourrait commencer : dessinez la limite à la main.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implant_as_tooth.py"/>
            <source>Tooth {fdi:tooth} stands on an implant: it is the implant's crown or a part of it, not a tooth.</source>
            <translation>La dent {fdi:tooth} repose sur un implant : c'est sa couronne ou une partie de celui-ci, pas une dent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>Tooth {fdi:tooth} touches the maxillary sinus, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>La dent {fdi:tooth} touche le sinus maxillaire, ou presque ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>Tooth {fdi:tooth} touches the nerve canal, or nearly does ({mm:.1f} ± {unsure:.1f} mm).</source>
            <translation>La dent {fdi:tooth} touche le canal mandibulaire, ou presque ({mm:.1f} ± {unsure:.1f} mm).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/joining.py"/>
            <source>Tooth {fdi:tooth} would grow by {percent:.0f} % to become one piece: draw the part between.</source>
            <translation>La dent {fdi:tooth} devrait grandir de {percent:.0f} % pour être d'un seul tenant : dessinez la partie intermédiaire.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/structure_drawing.py"/>
            <source>Tooth {fdi:tooth}, cross-section where it is nearest to the {name:words}: {mm:.1f} mm (± {unsure:.1f} mm), the line; the cheek on the right</source>
            <translation>Dent {fdi:tooth}, coupe transversale au plus près ({name:words}) : {mm:.1f} mm (± {unsure:.1f} mm), la ligne ; la joue à droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth {fdi:tooth}, {name:words}</source>
            <translation>Dent {fdi:tooth}, {name:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth {fdi:tooth}, {name:words}: not found</source>
            <translation>Dent {fdi:tooth}, {name:words} : non trouvée</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Tooth {fdi:tooth}, {name:words}: stated absent</source>
            <translation>Dent {fdi:tooth}, {name:words} : indiquée absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>Tooth {numbers}</source>
            <translation>La dent {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/splitting.py"/>
            <source>Tooth {other:tooth} is there already: tooth {fdi:tooth} cannot be split into it.</source>
            <translation>La dent {other:tooth} existe déjà : la dent {fdi:tooth} ne peut pas être divisée ainsi.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/label_map_bench.py"/>
            <source>Tooth {other:tooth} lies inside tooth {fdi:tooth}: one of the two is no tooth, remove it first.</source>
            <translation>La dent {other:tooth} se trouve à l'intérieur de la dent {fdi:tooth} : l'une des deux n'est pas une dent, supprimez-la d'abord.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Universal</source>
            <translation>Universal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Upper and lower jaw are exchanged: the teeth fit their places only when every number changes jaws.</source>
            <translation>Les arcades supérieure et inférieure sont inversées : les dents ne correspondent à leurs places que si chaque numéro change d'arcade.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>Upper and lower jaw are probably exchanged: '{first}' looks like the {looks:words} jaw and '{second}' like the {other:words}.</source>
            <translation>Les arcades sont probablement inversées : « {first} » ressemble à l'arcade {looks:words} et « {second} » à l'arcade {other:words}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pictures/for_page.py"/>
            <source>Upper jaw, from below</source>
            <translation>Arcade supérieure, de dessous</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>Upper teeth</source>
            <translation>Dents du haut</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Volume</source>
            <translation>Volume</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/web_page.py"/>
            <source>Web page</source>
            <translation>Page web</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/second_teeth.py"/>
            <source>What has no number</source>
            <translation>L'élément sans numéro</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/fusions.py"/>
            <source>What is known of '{name}' is damaged: fuse again.</source>
            <translation>Ce qui est connu de « {name} » est endommagé : fusionnez à nouveau.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/surfaces.py"/>
            <source>What is known of the jaw '{name}' is damaged: segment the scan again.</source>
            <translation>Les informations sur l'arcade « {name} » sont endommagées : segmentez à nouveau l'empreinte.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>Width</source>
            <translation>Largeur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>Width 1, 3, 5 mm deep</source>
            <translation>Largeur à 1, 3, 5 mm de profondeur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>With this result it was not kept what its numbers were found from (another program's, or an earlier version's): give tooth {fdi:tooth} another number, remove it, or segment the scan again.</source>
            <translation>Avec ce résultat (d'un autre programme ou d'une version antérieure), ce dont ses numéros ont été déduits n'a pas été conservé : donnez un autre numéro à la dent {fdi:tooth}, retirez-la, ou segmentez à nouveau l'examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>Writing the results</source>
            <translation>Écriture des résultats</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>a lower jaw</source>
            <translation>une arcade inférieure</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>a note</source>
            <translation>une remarque</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>a part of the canal that is drawn, not seen: look at the scan</source>
            <translation>à une partie du canal qui est dessinée sans avoir été vue : regardez le scan</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>about {few} of 10 such teeth are expected to be right (confidence {percent} %, estimated on synthetic scans)</source>
            <translation>on s'attend à ce qu'environ {few} de ces dents sur 10 soient justes (confiance {percent} %, estimée sur des examens synthétiques)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>an upper jaw</source>
            <translation>une arcade supérieure</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>buccal</source>
            <translation>vestibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_in_pieces.py"/>
            <source>canal in pieces</source>
            <translation>canal en morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/canal_branched.py"/>
            <source>canal with branches</source>
            <translation>canal ramifié</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/commands/completion.py"/>
            <source>completes the command in shells</source>
            <translation>complète la commande dans le shell</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>contradiction</source>
            <translation>contradiction</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/cut_by_field_of_view.py"/>
            <source>cut off</source>
            <translation>coupée</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>distal</source>
            <translation>distale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>distobuccal</source>
            <translation>disto-vestibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>draw the borders</source>
            <translation>tracer les limites</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/languages.py"/>
            <source>en</source>
            <translation>fr</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>fewer than 1 of 10 such teeth are expected to be right (confidence {percent} %, estimated on synthetic scans)</source>
            <translation>on s'attend à ce que moins d'une de ces dents sur 10 soit juste (confiance {percent} %, estimée sur des examens synthétiques)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>find the jaws and canals</source>
            <translation>chercher les mâchoires et les canaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>find the teeth</source>
            <translation>chercher les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>for 3D printing and planning programs</source>
            <translation>pour l'impression 3D et les logiciels de planification</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/report_json.py"/>
            <source>for programs</source>
            <translation>pour les logiciels</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>for programs that read no STL</source>
            <translation>pour les logiciels qui ne lisent pas le STL</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/dicom_seg.py"/>
            <source>for the picture archive; carries the patient's data of the scan</source>
            <translation>pour l'archive d'images (PACS) ; contient les données du patient de l'examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/hole.py"/>
            <source>gap in surface</source>
            <translation>trou de surface</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>hardly seen: filled, calcified or hidden by metal</source>
            <translation>à peine visible : obturée, calcifiée ou masquée par du métal</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>has a hole that is too wide, or too close to another tooth, to be closed by itself</source>
            <translation>a un trou trop large, ou trop proche d'une autre dent, pour être fermé automatiquement</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tunnel.py"/>
            <source>hole</source>
            <translation>trou</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/void.py"/>
            <source>hollow</source>
            <translation>cavité</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/frame_uncertain.py"/>
            <source>how does it lie?</source>
            <translation>orientation ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implant_as_tooth.py"/>
            <source>implant, not a tooth</source>
            <translation>implant, pas une dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>in pieces</source>
            <translation>en morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/inside_out.py"/>
            <source>inside out</source>
            <translation>surface retournée</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>is in pieces that lie {gap:.0f} mm apart, too far to be joined: draw the part between them</source>
            <translation>est en morceaux distants de {gap:.0f} mm, trop loin pour être réunis : dessinez la partie intermédiaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>is in pieces with another tooth, or a hole, between them: draw the part between them</source>
            <translation>est en morceaux séparés par une autre dent ou un trou : dessinez la partie intermédiaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/wrong_jaw.py"/>
            <source>it was taken for {jaw:words}</source>
            <translation>l'hypothèse était {jaw:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>its confidence is unknown</source>
            <translation>sa confiance est inconnue</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>its score is low ({percent} %)</source>
            <translation>son score est faible ({percent} %)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/nifti.py"/>
            <source>label map, value = FDI number</source>
            <translation>carte d'étiquettes, valeur = numéro FDI</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/fusion/pose.py"/>
            <source>lays scans over one another</source>
            <translation>superpose les scans</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>left</source>
            <translation>gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>left mandibular canal</source>
            <translation>canal mandibulaire gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>left maxillary sinus</source>
            <translation>sinus maxillaire gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>lingual</source>
            <translation>linguale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>load the networks</source>
            <translation>charger les réseaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>look at it</source>
            <translation>à examiner</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>lower</source>
            <translation>inférieure</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left canine</source>
            <translation>canine inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left central incisor</source>
            <translation>incisive centrale inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left central milk incisor</source>
            <translation>incisive centrale temporaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left first milk molar</source>
            <translation>première molaire temporaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left first molar</source>
            <translation>première molaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left first premolar</source>
            <translation>première prémolaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left lateral incisor</source>
            <translation>incisive latérale inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left lateral milk incisor</source>
            <translation>incisive latérale temporaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left milk canine</source>
            <translation>canine temporaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left second milk molar</source>
            <translation>deuxième molaire temporaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left second molar</source>
            <translation>deuxième molaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left second premolar</source>
            <translation>deuxième prémolaire inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower left third molar</source>
            <translation>dent de sagesse inférieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right canine</source>
            <translation>canine inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right central incisor</source>
            <translation>incisive centrale inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right central milk incisor</source>
            <translation>incisive centrale temporaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right first milk molar</source>
            <translation>première molaire temporaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right first molar</source>
            <translation>première molaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right first premolar</source>
            <translation>première prémolaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right lateral incisor</source>
            <translation>incisive latérale inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right lateral milk incisor</source>
            <translation>incisive latérale temporaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right milk canine</source>
            <translation>canine temporaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right second milk molar</source>
            <translation>deuxième molaire temporaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right second molar</source>
            <translation>deuxième molaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right second premolar</source>
            <translation>deuxième prémolaire inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>lower right third molar</source>
            <translation>dent de sagesse inférieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>mandibular canal</source>
            <translation>canal mandibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>mesial</source>
            <translation>mésiale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>mesiobuccal</source>
            <translation>mésio-vestibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>mesiolingual</source>
            <translation>mésio-linguale</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>missing</source>
            <translation>absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_canal.py"/>
            <source>near the nerve canal</source>
            <translation>près du canal mandibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/near_sinus.py"/>
            <source>near the sinus</source>
            <translation>près du sinus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>no distance, because {why:words}</source>
            <translation>pas de distance, car {why:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>no tooth found</source>
            <translation>aucune dent trouvée</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>not in the bite</source>
            <translation>pas en occlusion</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>nothing found</source>
            <translation>rien trouvé</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>nothing was found wrong with it</source>
            <translation>rien d'anormal n'a été trouvé</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/doubled_number.py"/>
            <source>number given twice</source>
            <translation>numéro en double</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>number the teeth</source>
            <translation>numéroter les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/low_confidence.py"/>
            <source>number?</source>
            <translation>numéro ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>one file with all teeth, for viewers and web pages</source>
            <translation>un fichier avec toutes les dents, pour visionneuses et pages web</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/extra_tooth.py"/>
            <source>one too many?</source>
            <translation>surnuméraire ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/order_broken.py"/>
            <source>order</source>
            <translation>ordre</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/tooth_outside_jaw.py"/>
            <source>outside the jaw</source>
            <translation>hors de la mâchoire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/nearness.py"/>
            <source>palatal</source>
            <translation>palatine</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>place on the scan</source>
            <translation>reporter sur l'examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>place the jaws and canals</source>
            <translation>placer les mâchoires et les canaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>prepare the scan</source>
            <translation>préparer l'examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/files/dicom_seg.py"/>
            <source>reads and writes DICOM segmentations</source>
            <translation>lit et écrit les segmentations DICOM</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/files/meshes/hps.py"/>
            <source>reads scans in 3Shape's own format</source>
            <translation>lit les examens au format propre à 3Shape</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>right</source>
            <translation>droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>right mandibular canal</source>
            <translation>canal mandibulaire droit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>right maxillary sinus</source>
            <translation>sinus maxillaire droit</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/same_jaw.py"/>
            <source>same jaw twice</source>
            <translation>même arcade deux fois</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/slicer_segmentation.py"/>
            <source>seg.nrrd</source>
            <translation>seg.nrrd</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/slicer_segmentation.py"/>
            <source>segmentation of 3D Slicer with names, colours and codes</source>
            <translation>segmentation de 3D Slicer avec noms, couleurs et codes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/stages.py"/>
            <source>separate the teeth</source>
            <translation>séparer les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/implausible_size.py"/>
            <source>size?</source>
            <translation>taille ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/speckles.py"/>
            <source>specks</source>
            <translation>éclats</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>stated absent</source>
            <translation>indiquée absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/dicom_stl.py"/>
            <source>surfaces for the picture archive; carry the patient's data of the scan</source>
            <translation>surfaces pour l’archive d’images ; contiennent les données du patient de l’examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/tables.py"/>
            <source>tables for a spreadsheet</source>
            <translation>tableaux pour tableur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/pacs/connection.py"/>
            <source>talks to picture archives</source>
            <translation>communique avec les archives d’images</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>teeth {numbers}</source>
            <translation>dents {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the end of the bone</source>
            <translation>la fin de l'os</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the end of the scan (at least)</source>
            <translation>la fin du scan (au moins)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the nearest part of the canal is drawn, not seen</source>
            <translation>la partie la plus proche du canal est dessinée sans avoir été vue</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/around.py"/>
            <source>the scan ends where it is nearest</source>
            <translation>le scan s'arrête là où elle est la plus courte</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>the second tooth {fdi:tooth}</source>
            <translation>la seconde dent {fdi:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>their crowns run up to {millimetres} mm into each other</source>
            <translation>leurs couronnes s'interpénètrent jusqu'à {millimetres} mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>they are {millimetres} mm apart</source>
            <translation>elles sont à {millimetres} mm l'une de l'autre</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/not_in_bite.py"/>
            <source>they do not face each other</source>
            <translation>elles ne se font pas face</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>three pieces</source>
            <translation>trois morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/runs/cluster.py"/>
            <source>to share a batch among computers</source>
            <translation>pour répartir un lot entre plusieurs ordinateurs</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>tooth {numbers}</source>
            <translation>dent {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/merged_neighbours.py"/>
            <source>two in one?</source>
            <translation>deux en une ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>two numbers</source>
            <translation>deux numéros</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>two pieces</source>
            <translation>deux morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/words.py"/>
            <source>upper</source>
            <translation>supérieure</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left canine</source>
            <translation>canine supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left central incisor</source>
            <translation>incisive centrale supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left central milk incisor</source>
            <translation>incisive centrale temporaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left first milk molar</source>
            <translation>première molaire temporaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left first molar</source>
            <translation>première molaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left first premolar</source>
            <translation>première prémolaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left lateral incisor</source>
            <translation>incisive latérale supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left lateral milk incisor</source>
            <translation>incisive latérale temporaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left milk canine</source>
            <translation>canine temporaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left second milk molar</source>
            <translation>deuxième molaire temporaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left second molar</source>
            <translation>deuxième molaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left second premolar</source>
            <translation>deuxième prémolaire supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper left third molar</source>
            <translation>dent de sagesse supérieure gauche</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right canine</source>
            <translation>canine supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right central incisor</source>
            <translation>incisive centrale supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right central milk incisor</source>
            <translation>incisive centrale temporaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right first milk molar</source>
            <translation>première molaire temporaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right first molar</source>
            <translation>première molaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right first premolar</source>
            <translation>première prémolaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right lateral incisor</source>
            <translation>incisive latérale supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right lateral milk incisor</source>
            <translation>incisive latérale temporaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right milk canine</source>
            <translation>canine temporaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right second milk molar</source>
            <translation>deuxième molaire temporaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right second molar</source>
            <translation>deuxième molaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right second premolar</source>
            <translation>deuxième prémolaire supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/teeth.py"/>
            <source>upper right third molar</source>
            <translation>dent de sagesse supérieure droite</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/renumbering.py"/>
            <source>what has no number</source>
            <translation>l'élément sans numéro</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/jaw_uncertain.py"/>
            <source>which jaw?</source>
            <translation>quelle arcade ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/web_page.py"/>
            <source>with pictures and a 3D view, to read and to print</source>
            <translation>avec des images et une vue 3D, à lire et à imprimer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>with the teeth's colours</source>
            <translation>avec les couleurs des dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would enclose a hollow with another tooth in it if its pieces were joined</source>
            <translation>enfermerait une cavité contenant une autre dent si ses morceaux étaient réunis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would fall into pieces</source>
            <translation>se diviserait en morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would fall into pieces if a gap were left between {a:tooth} and {b:tooth}: draw the border by hand</source>
            <translation>se diviserait en morceaux si un espace était laissé entre la {a:tooth} et la {b:tooth} : dessinez la limite à la main</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would grow by {added:.0f} % to become one piece: draw the part between its pieces</source>
            <translation>devrait grandir de {added:.0f} % pour être d'un seul tenant : dessinez la partie entre ses morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/shapes.py"/>
            <source>would lose its shape: closing the hole changes {changed:.0f} % of it, where {most:.0f} % are allowed</source>
            <translation>perdrait sa forme : fermer le trou en modifie {changed:.0f} %, alors que {most:.0f} % sont permis</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/exports/surfaces.py"/>
            <source>writes OBJ and GLB files</source>
            <translation>écrit des fichiers OBJ et GLB</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/upper_lower_swapped.py"/>
            <source>wrong jaw</source>
            <translation>mauvaise arcade</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/left_right_mirrored.py"/>
            <source>wrong side</source>
            <translation>mauvais côté</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/columns.py"/>
            <source>yes</source>
            <translation>oui</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} contradiction</source>
            <translation>{count} contradiction</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} contradictions</source>
            <translation>{count} contradictions</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} finding</source>
            <translation>{count} constat</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} findings</source>
            <translation>{count} constats</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} note</source>
            <translation>{count} remarque</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} notes</source>
            <translation>{count} remarques</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/speckles.py"/>
            <source>{count} speck of a tooth's number lies away from the tooth, each smaller than {limit:.0f} mm² ({teeth:teeth}).</source>
            <translation>{count} éclat portant le numéro d'une dent se trouve à l'écart de celle-ci, de moins de {limit:.0f} mm² ({teeth:teeth}).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/speckles.py"/>
            <source>{count} specks of tooth numbers lie away from the tooth, each smaller than {limit:.0f} mm² ({teeth:teeth}).</source>
            <translation>{count} éclats portant des numéros de dents se trouvent à l'écart de leur dent, chacun de moins de {limit:.0f} mm² ({teeth:teeth}).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} teeth: {upper} upper, {lower} lower.</source>
            <translation>{count} dents : {upper} en haut, {lower} en bas.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} thing to look at</source>
            <translation>{count} point à examiner</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} things to look at</source>
            <translation>{count} points à examiner</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{count} tooth: {upper} upper, {lower} lower.</source>
            <translation>{count} dent : {upper} en haut, {lower} en bas.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{first:words}, {rest:words}</source>
            <translation>{first:words}, {rest:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/dentition/words.py"/>
            <source>{first} and {last}</source>
            <translation>{first} et {last}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/wrong_jaw.py"/>
            <source>{jaw:words} was stated</source>
            <translation>l'arcade indiquée est {jaw:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{mm:.1f} mm</source>
            <translation>{mm:.1f} mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{mm:.1f} mm ± {unsure:.1f} mm to the maxillary sinus</source>
            <translation>{mm:.1f} mm ± {unsure:.1f} mm jusqu'au sinus maxillaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{mm:.1f} mm ± {unsure:.1f} mm to the nerve canal</source>
            <translation>{mm:.1f} mm ± {unsure:.1f} mm jusqu'au canal mandibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>{number:tooth}</source>
            <translation>{number:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/two_numbers.py"/>
            <source>{number:tooth} (score {percent} %)</source>
            <translation>{number:tooth} (score {percent} %)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/fragment.py"/>
            <source>{number} pieces</source>
            <translation>{number} morceaux</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{old:tooth} becomes {new:tooth}</source>
            <translation>{old:tooth} devient {new:tooth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{old:tooth} is left without a number</source>
            <translation>{old:tooth} reste sans numéro</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{root:words} root: no distance, because {why:words}</source>
            <translation>racine {root:words} : pas de distance, car {why:words}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{root:words} root: {mm:.1f} mm ± {unsure:.1f} mm to the maxillary sinus</source>
            <translation>racine {root:words} : {mm:.1f} mm ± {unsure:.1f} mm jusqu'au sinus maxillaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/distance_line.py"/>
            <source>{root:words} root: {mm:.1f} mm ± {unsure:.1f} mm to the nerve canal</source>
            <translation>racine {root:words} : {mm:.1f} mm ± {unsure:.1f} mm jusqu'au canal mandibulaire</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/reports/page_words.py"/>
            <source>{seconds:.1f} s</source>
            <translation>{seconds:.1f} s</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} are absent</source>
            <translation>{teeth:Teeth} sont absentes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} are not absent</source>
            <translation>{teeth:Teeth} ne sont pas absentes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/order_broken.py"/>
            <source>{teeth:Teeth} do not stand in the order of their numbers.</source>
            <translation>{teeth:Teeth} ne sont pas dans l'ordre de leurs numéros.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} is absent</source>
            <translation>{teeth:Teeth} est absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/kinds/numbering_again.py"/>
            <source>{teeth:Teeth} is not absent</source>
            <translation>{teeth:Teeth} n'est pas absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found.</source>
            <translation>{teeth:Teeth} n'a pas été trouvée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; the place lies outside the scan.</source>
            <translation>{teeth:Teeth} n'a pas été trouvée ; son emplacement est hors de l'examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; the space between {left:tooth} and {right:tooth} is closed.</source>
            <translation>{teeth:Teeth} n'a pas été trouvée ; l'espace entre la {left:tooth} et la {right:tooth} est fermé.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; there is a gap of {gap} mm between {left:tooth} and {right:tooth}.</source>
            <translation>{teeth:Teeth} n'a pas été trouvée ; il y a un espace de {gap} mm entre la {left:tooth} et la {right:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} was not found; {last:tooth} is the last tooth on that side.</source>
            <translation>{teeth:Teeth} n'a pas été trouvée ; la {last:tooth} est la dernière dent de ce côté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found.</source>
            <translation>{teeth:Teeth} n'ont pas été trouvées.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; the place lies outside the scan.</source>
            <translation>{teeth:Teeth} n'ont pas été trouvées ; leur emplacement est hors de l'examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; the space between {left:tooth} and {right:tooth} is closed.</source>
            <translation>{teeth:Teeth} n'ont pas été trouvées ; l'espace entre la {left:tooth} et la {right:tooth} est fermé.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; there is a gap of {gap} mm between {left:tooth} and {right:tooth}.</source>
            <translation>{teeth:Teeth} n'ont pas été trouvées ; il y a un espace de {gap} mm entre la {left:tooth} et la {right:tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/findings/kinds/missing_tooth.py"/>
            <source>{teeth:Teeth} were not found; {last:tooth} is the last tooth on that side.</source>
            <translation>{teeth:Teeth} n'ont pas été trouvées ; la {last:tooth} est la dernière dent de ce côté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/nodes.py"/>
            <source>{what:words} '{name}' is under a transform that bends it ('{transform}'): harden the transform in the Transforms module, or take the scan out of it.</source>
            <translation>{what:words} « {name} » est soumis à une transformation non linéaire (« {transform} ») : figez la transformation dans le module « Transforms », ou retirez-en l'examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/checks/repair/bench.py"/>
            <source>{what:words} has changed since it was checked: check again for a new proposal.</source>
            <translation>{what:words} a changé depuis le contrôle : recontrôlez pour obtenir une nouvelle proposition.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSegLib/scene/nodes.py"/>
            <source>{what:words} is no longer in the scene: choose another one.</source>
            <translation>{what:words} n'est plus dans la scène : faites un autre choix.</translation>
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
            <translation>Cliquez-les sur le schéma</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/AbsentTeeth.py"/>
            <source>None known</source>
            <translation>Aucune connue</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.ExportPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Cancel</source>
            <translation>Annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Choose a folder first.</source>
            <translation>Choisissez d'abord un dossier.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Choose a result above first.</source>
            <translation>Choisissez d'abord un résultat ci-dessus.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Choose at least one format.</source>
            <translation>Choisissez au moins un format.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Export</source>
            <translation>Exporter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Folder for the exported files</source>
            <translation>Dossier des fichiers exportés</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Folder with the DICOM files of this scan</source>
            <translation>Dossier des fichiers DICOM de cet examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Needs the DICOM files of the scan: load it from Slicer's DICOM database, or say where they are.</source>
            <translation>Nécessite les fichiers DICOM de l'examen : chargez-le depuis la base DICOM de Slicer, ou indiquez où ils se trouvent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Of an earlier export, and no longer in this result: {names}.</source>
            <translation>D'un export antérieur, et plus dans ce résultat : {names}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Per tooth:</source>
            <translation>Par dent :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Report:</source>
            <translation>Rapport :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Stopped.</source>
            <translation>Arrêté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Voxels:</source>
            <translation>Voxels :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>Writing {format} ({n} of {total}) ...</source>
            <translation>Écriture de {format} ({n} sur {total})...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>{count} file written to {folder}.</source>
            <translation>{count} fichier écrit dans {folder}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ExportPanel.py"/>
            <source>{count} files written to {folder}.</source>
            <translation>{count} fichiers écrits dans {folder}.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Exporting</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Exporting.py"/>
            <source>An export is running already.</source>
            <translation>Un export est déjà en cours.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Exporting.py"/>
            <source>it ended without a word</source>
            <translation>il s'est terminé sans message</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.FindingsTable</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Accept</source>
            <translation>Accepter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Accepted</source>
            <translation>Accepté</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Click to go there.</source>
            <translation>Cliquer pour y aller.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Gone after an edit</source>
            <translation>Disparu après une modification</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>It is not settled after all.</source>
            <translation>Ce constat n'est finalement pas réglé.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>It is right as it is.</source>
            <translation>C'est correct ainsi.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Look here</source>
            <translation>À vérifier</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Note</source>
            <translation>Remarque</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Reopen</source>
            <translation>Rouvrir</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Repair</source>
            <translation>Corriger</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Repaired</source>
            <translation>Corrigé</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Take this repair back.</source>
            <translation>Annuler cette correction.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Undo</source>
            <translation>Annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>Wrong</source>
            <translation>Erreur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FindingsTable.py"/>
            <source>{state}: {finding}</source>
            <translation>{state} : {finding}</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.FusionPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>95 % of the crown lies nearer.</source>
            <translation>95 % de la couronne est plus proche.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>95 %, mm</source>
            <translation>95 %, mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Cancel</source>
            <translation>Annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Choose the CBCT and the scan of one jaw, or of both.</source>
            <translation>Choisissez le CBCT et l’empreinte d’une mâchoire, ou des deux.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Distance of the scanned crown from the CBCT's: half of the crown lies nearer.</source>
            <translation>Distance de la couronne scannée à celle du CBCT : la moitié de la couronne est plus proche.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Fit, mm</source>
            <translation>Écart, mm</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Fuse</source>
            <translation>Fusionner</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>In the CBCT</source>
            <translation>Dans le CBCT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>In the scan</source>
            <translation>Dans l’empreinte</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Lay the scans over the CBCT and put their crowns on its roots.</source>
            <translation>Superposer les empreintes au CBCT et placer leurs couronnes sur ses racines.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Numbers that differ, for you to decide: {n}; see the findings.</source>
            <translation>Numéros différents, à décider par vous : {n} ; voir les constatations.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Numbers that differed and were decided: {n}; see the findings.</source>
            <translation>Numéros différents qui ont été décidés : {n} ; voir les constatations.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Starting ...</source>
            <translation>Démarrage...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Stop; the scene stays as it is.</source>
            <translation>Arrêter ; la scène reste telle quelle.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Stopped. The scene is as it was.</source>
            <translation>Arrêté. La scène est inchangée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Stopping ...</source>
            <translation>Arrêt en cours...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Taken back: the scans lie where they were.</source>
            <translation>Annulé : les empreintes sont à leur place d’avant.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The number in the CBCT before.</source>
            <translation>Le numéro dans le CBCT avant.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The number in the scan before.</source>
            <translation>Le numéro dans l’empreinte avant.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The number that holds.</source>
            <translation>Le numéro retenu.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The result could not be put into the scene ({error}): please report it.</source>
            <translation>Le résultat n’a pas pu être placé dans la scène ({error}) : veuillez le signaler.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>The two numbers differ: see the findings in Review.</source>
            <translation>Les deux numéros diffèrent : voir les constatations dans la révision.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>Tooth</source>
            <translation>Dent</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>{mm} or more</source>
            <translation>{mm} ou plus</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/FusionPanel.py"/>
            <source>{name}: {share} % of the crowns fit, half of them nearer than {mm} mm.</source>
            <translation>{name} : {share} % des couronnes concordent, la moitié à moins de {mm} mm.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.NetworkCards</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>32 numbered teeth</source>
            <translation>32 dents numérotées</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Add</source>
            <translation>Ajouter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Cancel</source>
            <translation>Annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>DentalTopoSeg: add a network</source>
            <translation>DentalTopoSeg : ajouter un réseau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Finds</source>
            <translation>Trouve</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>I have read the licence and use the network under its terms</source>
            <translation>J'ai lu la licence et j'utilise le réseau selon ses termes</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Its licence: {licence}</source>
            <translation>Sa licence : {licence}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Licence</source>
            <translation>Licence</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Made by others. It was checked that this is whole and nothing but a network, not how well it works: look at its first results closely.</source>
            <translation>Fait par d'autres. Il a été vérifié qu'il est entier et n'est rien qu'un réseau, non qu'il travaille bien : regardez de près ses premiers résultats.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Reference</source>
            <translation>Référence</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Size</source>
            <translation>Taille</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>Trained on</source>
            <translation>Entraîné sur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>no numbered teeth</source>
            <translation>aucune dent numérotée</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>phantoms built from real patients' teeth</source>
            <translation>des fantômes faits de dents de vrais patients</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>research use; see the model card</source>
            <translation>pour la recherche ; voir la fiche du réseau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>teeth {numbers}</source>
            <translation>dents {numbers}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{count} numbered teeth</source>
            <translation>{count} dents numérotées</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{names} and {count} more</source>
            <translation>{names} et {count} autres</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{size:.1f} MB</source>
            <translation>{size:.1f} Mo</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkCards.py"/>
            <source>{size} kB</source>
            <translation>{size} ko</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.NetworkPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>'{name}' was added.</source>
            <translation>'{name}' a été ajouté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>'{name}' was not added on this computer: add it, or choose another network.</source>
            <translation>'{name}' n'a pas été ajouté sur cet ordinateur : ajoutez-le ou choisissez un autre réseau.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>'{name}' was removed.</source>
            <translation>'{name}' a été retiré.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Built in: teeth in CBCT</source>
            <translation>Fourni : dents en CBCT</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Choose the folder of a network</source>
            <translation>Choisir le dossier d'un réseau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Choose the zip of a network</source>
            <translation>Choisir le zip d'un réseau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>DentalTopoSeg: remove a network</source>
            <translation>DentalTopoSeg : retirer un réseau</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>From a folder ...</source>
            <translation>D'un dossier ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>From a zip ...</source>
            <translation>D'un zip ...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Network: built in</source>
            <translation>Réseau : fourni</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Network: {name}</source>
            <translation>Réseau : {name}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Nothing was added.</source>
            <translation>Rien n'a été ajouté.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Remove the network '{name}' from this computer? Results that it made stay.</source>
            <translation>Retirer le réseau '{name}' de cet ordinateur ? Ses résultats restent.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>Zip of a network (*.zip)</source>
            <translation>Zip d'un réseau (*.zip)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>{name} (damaged)</source>
            <translation>{name} (endommagé)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/NetworkPanel.py"/>
            <source>{name} (not on this computer)</source>
            <translation>{name} (pas sur cet ordinateur)</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Packages</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source> and </source>
            <translation> et </translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>DentalTopoSeg needs these packages in Slicer's Python, once:</source>
            <translation>DentalTopoSeg a besoin, une seule fois, de ces paquets dans le Python de Slicer :</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>DentalTopoSeg: Python packages</source>
            <translation>DentalTopoSeg : paquets Python</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>The packages could not be installed ({reason}): check the internet connection, or ask who looks after this computer to allow pypi.org.</source>
            <translation>Les paquets n'ont pas pu être installés ({reason}) : vérifiez la connexion Internet, ou demandez à votre service informatique d'autoriser pypi.org.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>The packages were installed but are not found: restart Slicer and try again.</source>
            <translation>Les paquets ont été installés mais restent introuvables : redémarrez Slicer et réessayez.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>This needs {packages}: press the button again when it may be installed.</source>
            <translation>Cela nécessite {packages} : appuyez à nouveau sur le bouton quand l'installation est permise.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>Together about {total} MB from pypi.org. No torch, no graphics card software; your scans are not sent anywhere. Install them now?</source>
            <translation>Au total environ {total} Mo depuis pypi.org. Ni torch, ni logiciel de carte graphique ; vos examens ne sont envoyés nulle part. Les installer maintenant ?</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>about {size} MB</source>
            <translation>environ {size} Mo</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>runs the networks on the processor</source>
            <translation>exécute les réseaux sur le processeur</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>runs the networks quicker on Intel and AMD processors</source>
            <translation>exécute les réseaux plus vite sur processeurs Intel et AMD</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Packages.py"/>
            <source>samples the points of intraoral scans</source>
            <translation>échantillonne les points des empreintes optiques</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.PanoramicPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Brightest voxels (MIP)</source>
            <translation>Voxels les plus clairs (MIP)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Mean, as an X-ray</source>
            <translation>Moyenne, comme une radiographie</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Show panoramic view</source>
            <translation>Afficher la vue panoramique</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/PanoramicPanel.py"/>
            <source>Update panoramic view</source>
            <translation>Actualiser la vue panoramique</translation>
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
            <translation>Enfant : dents de lait possibles</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Exact</source>
            <translation>Exact</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>FDI (11 to 48)</source>
            <translation>FDI (11 à 48)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Find out</source>
            <translation>Déterminer</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Find out from its shape</source>
            <translation>Déterminer d'après la forme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Lower jaw</source>
            <translation>Arcade inférieure</translation>
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
            <translation>OpenVINO s'il est installé</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Palmer (UR1 to LR8)</source>
            <translation>Palmer (UR1 à LR8)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Permanent teeth only</source>
            <translation>Dents permanentes seulement</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Quick</source>
            <translation>Rapide</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Universal (1 to 32)</source>
            <translation>Universal (1 à 32)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Parameters.py"/>
            <source>Upper jaw</source>
            <translation>Arcade supérieure</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Processes</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Processes.py"/>
            <source>Slicer's Python ({program}) cannot be started: install Slicer again.</source>
            <translation>Le Python de Slicer ({program}) ne peut pas être lancé : réinstallez Slicer.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.QueuePanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>'{folder}' holds no scan.</source>
            <translation>« {folder} » ne contient pas d'examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Cancel all</source>
            <translation>Tout annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Choose a folder</source>
            <translation>Choisir un dossier</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Scan</source>
            <translation>Examen</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Segment all</source>
            <translation>Tout segmenter</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Starting ...</source>
            <translation>Démarrage...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>State</source>
            <translation>État</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>Stopped; Segment all goes on with the others.</source>
            <translation>Arrêté ; « Tout segmenter » continue avec les autres.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>cannot be read ({reason})</source>
            <translation>illisible ({reason})</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>changed since, left as it is</source>
            <translation>modifié depuis, laissé tel quel</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>stopped</source>
            <translation>arrêté</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>waiting</source>
            <translation>en attente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{count} teeth</source>
            <translation>{count} dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{done} of {count} scans have results.</source>
            <translation>{done} examens sur {count} ont des résultats.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{n} to look at</source>
            <translation>{n} à vérifier</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/QueuePanel.py"/>
            <source>{text} (done before)</source>
            <translation>{text} (déjà fait)</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.ReviewPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>'{name}' holds no numbered teeth: choose a result of Segment Teeth, or a segmentation of teeth.</source>
            <translation>« {name} » ne contient pas de dents numérotées : choisissez un résultat de « Segmenter les dents » ou une segmentation de dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>, score {percent} % (no probability)</source>
            <translation>, score {percent} % (pas une probabilité)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>, {percent} % of such teeth are right (estimated on synthetic scans)</source>
            <translation>, {percent} % de ces dents sont justes (estimé sur des examens synthétiques)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{count} teeth&lt;/b&gt; ({upper} upper, {lower} lower)</source>
            <translation>&lt;b&gt;{count} dents&lt;/b&gt; (en haut {upper}, en bas {lower})</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{count} tooth&lt;/b&gt; ({upper} upper, {lower} lower)</source>
            <translation>&lt;b&gt;{count} dent&lt;/b&gt; (en haut {upper}, en bas {lower})</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{n} to look at&lt;/b&gt;</source>
            <translation>&lt;b&gt;{n} à vérifier&lt;/b&gt;</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{n} wrong&lt;/b&gt;</source>
            <translation>&lt;b&gt;{n} à corriger&lt;/b&gt;</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{title}&lt;/b&gt;: not in the result</source>
            <translation>&lt;b&gt;{title}&lt;/b&gt; : absente du résultat</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>&lt;b&gt;{title}&lt;/b&gt;: stated absent</source>
            <translation>&lt;b&gt;{title}&lt;/b&gt; : indiquée absente</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>All teeth were</source>
            <translation>Toutes les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Before a run, click on the chart the teeth that are not there.</source>
            <translation>Avant une analyse, cliquez sur le schéma les dents qui ne sont pas là.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Click a tooth on the chart, or a finding in the list.</source>
            <translation>Cliquez sur une dent du schéma ou sur un constat de la liste.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Click the place on the chart where tooth {tooth} belongs.</source>
            <translation>Cliquez sur le schéma à la place qui revient à la dent {tooth}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Do again: {title}</source>
            <translation>Rétablir : {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Done again: {title}</source>
            <translation>Rétabli : {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Done: {repair}</source>
            <translation>Fait : {repair}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Segment a scan, or choose a tooth segmentation above, to review it here.</source>
            <translation>Segmentez un examen ou choisissez ci-dessus une segmentation dentaire pour la contrôler ici.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Take back: {title}</source>
            <translation>Annuler : {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Taken back: {title}</source>
            <translation>Annulé : {title}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Teeth {old} and {new} have exchanged their numbers.</source>
            <translation>Les dents {old} et {new} ont échangé leurs numéros.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>This finding has changed meanwhile: look at it again.</source>
            <translation>Ce constat a changé entre-temps : regardez-le à nouveau.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Tooth {old} is now {new}.</source>
            <translation>La dent {old} est maintenant la {new}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>Tooth {tooth} was taken out of the result.</source>
            <translation>La dent {tooth} a été retirée du résultat.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>nothing to look at</source>
            <translation>rien à vérifier</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{n} note</source>
            <translation>{n} remarque</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{n} notes</source>
            <translation>{n} remarques</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{n} settled</source>
            <translation>réglés : {n}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{repair}: click the right place on the chart.</source>
            <translation>{repair} : cliquez sur la bonne place du schéma.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{teeth} was</source>
            <translation>Dent {teeth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{teeth} were</source>
            <translation>Dents {teeth}</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ReviewPanel.py"/>
            <source>{which} checked again (findings: {new} new, {gone} gone).</source>
            <translation>{which} : contrôle refait (nouveaux constats : {new}, disparus : {gone}).</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.SampleScans</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>Building a phantom scan (5 to 15 seconds) ...</source>
            <translation>Création d'un examen fantôme (5 à 15 secondes)...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>DentalTopoSeg: phantom</source>
            <translation>DentalTopoSeg : fantôme</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>Phantom (no download)</source>
            <translation>Fantôme (sans téléchargement)</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>The phantom could not be made ({reason}).</source>
            <translation>Le fantôme n'a pas pu être créé ({reason}).</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SampleScans.py"/>
            <source>it ended without a word</source>
            <translation>il s'est terminé sans message</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.SegmentPanel</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Cancel</source>
            <translation>Annuler</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Choose a scan first.</source>
            <translation>Choisissez d'abord un examen.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Done.</source>
            <translation>Terminé.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Done: {count} teeth found.</source>
            <translation>Terminé : {count} dents trouvées.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Done: {count} tooth found.</source>
            <translation>Terminé : {count} dent trouvée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Find, outline and number the teeth.</source>
            <translation>Trouver, délimiter et numéroter les dents.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>In '{name}': {structures}.</source>
            <translation>Dans '{name}' : {structures}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>It took {time}.</source>
            <translation>Durée : {time}.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Segment Teeth</source>
            <translation>Segmenter les dents</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Starting ...</source>
            <translation>Démarrage...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Stop the segmentation; the scene stays as it is.</source>
            <translation>Arrêter la segmentation ; la scène reste telle quelle.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Stopped. The scene is as it was.</source>
            <translation>Arrêté. La scène est inchangée.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>Stopping ...</source>
            <translation>Arrêt en cours...</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>The other jaw is the same scan: choose another one, or none.</source>
            <translation>L'autre arcade est le même examen : choisissez-en un autre, ou aucun.</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>about {minutes} min left</source>
            <translation>encore {minutes} min environ</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/SegmentPanel.py"/>
            <source>about {seconds} s left</source>
            <translation>encore {seconds} s environ</translation>
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
            <translation>{count} triangles.</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.ToothChart</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ToothChart.py"/>
            <source>Patient's left</source>
            <translation>Gauche du patient</translation>
        </message>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/ToothChart.py"/>
            <source>Patient's right</source>
            <translation>Droite du patient</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.Views</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/Views.py"/>
            <source>Dental: panoramic, axial, 3D</source>
            <translation>Dentaire : panoramique, axiale, 3D</translation>
        </message>
    </context>
    <context>
        <name>DentalTopoSegModuleLib.WorkerProcess</name>
        <message>
            <location filename="../../DentalTopoSeg/DentalTopoSegModuleLib/WorkerProcess.py"/>
            <source>A segmentation is running already.</source>
            <translation>Une segmentation est déjà en cours.</translation>
        </message>
    </context>
</TS>
